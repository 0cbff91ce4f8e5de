"""The client for asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import grpc.aio

from scorestream.async_job import AsyncJob, AsyncLatentJob, AsyncLikelihoodJob, AsyncPictureJob
from scorestream.client import CHANNEL_OPTIONS
from scorestream.errors import error_of
from scorestream.parts import MAX_EVENT_BYTES
from scorestream.reading import Reading, watch_request
from scorestream.results import take_event
from scorestream.retry import NEVER, Retry
from scorestream.tasks import Tasks
from scorestream.uploads import parts_of, to_upload
from scorestream.v1.scorestream_pb2 import (
    CancelRequest,
    CancelResponse,
    JobEvent,
    ListModelsRequest,
    UploadResponse,
)
from scorestream.v1.scorestream_pb2_grpc import ScoreStreamStub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from scorestream.reading import Opening
    from scorestream.sources import PictureFile
    from scorestream.uploads import ContentType
    from scorestream.v1.scorestream_pb2 import Image, LikelihoodResult, Model

R = TypeVar("R")


class AsyncClient(Tasks[AsyncPictureJob, AsyncLatentJob, AsyncLikelihoodJob]):
    """A scorestream server over gRPC, for asyncio: `Client`, with `await`.

    It belongs to the event loop in which it is made. The four tasks answer with a job at once,
    without `await`; the job is what is awaited. Arguments are those of `Client`.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        metadata: Sequence[tuple[str, str]] = (),
        retry: Retry | None = Retry(),  # noqa: B008 - frozen
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(target, credentials, CHANNEL_OPTIONS)
        self._stub = ScoreStreamStub(self._channel)
        self._metadata = tuple(metadata)
        self._retry = retry or NEVER
        self._max_event_bytes = max_event_bytes

    async def list_models(self) -> list[Model]:
        """As `Client.list_models`."""
        return list((await self._answer(self._stub.ListModels, ListModelsRequest)).models)

    async def upload(
        self,
        source: PictureFile,
        content_type: ContentType | None = None,
        *,
        tenant: str = "",
    ) -> UploadResponse:
        """As `Client.upload`."""
        content, told = to_upload(source, content_type)
        return await self._answer(self._stub.Upload, lambda: parts_of(content, told, tenant))

    def watch(self, job_id: str, after_sequence: int = 0) -> AsyncJob[JobEvent]:
        """As `Client.watch`."""
        request = watch_request(job_id, after_sequence)
        reading = Reading(
            ("Watch", request),
            detached=True,
            take=take_event,
            retry=self._retry,
            max_event_bytes=self._max_event_bytes,
        )
        return AsyncJob(self._open_call, reading)

    async def cancel(self, job_id: str, rows: Sequence[int] | None = None) -> CancelResponse:
        """As `Client.cancel`."""
        if rows is not None and len(rows) == 0:
            return CancelResponse()
        request = CancelRequest(job_id=job_id, rows=rows)
        return await self._answer(self._stub.Cancel, lambda: request)

    async def close(self) -> None:
        """Ends the connection, and the jobs on it that are not detached."""
        await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _picture_job(self, reading: Reading[Image]) -> AsyncPictureJob:
        return AsyncPictureJob(self._open_call, reading)

    def _latent_job(self, reading: Reading[NDArray[np.float32]]) -> AsyncLatentJob:
        return AsyncLatentJob(self._open_call, reading)

    def _likelihood_job(self, reading: Reading[LikelihoodResult]) -> AsyncLikelihoodJob:
        return AsyncLikelihoodJob(self._open_call, reading)

    def _open_call(self, opening: Opening) -> Any:
        name, request = opening
        return getattr(self._stub, name)(request, metadata=self._metadata)

    async def _answer(self, call: Callable[..., Awaitable[R]], request: Callable[[], object]) -> R:
        """The answer of a call of one answer, made again as `retry` says."""
        made = 0
        while True:
            try:
                return await call(request(), metadata=self._metadata)
            except grpc.RpcError as error:
                failure = error_of(error)
                made += 1
                delay = self._retry.delay(made, failure)
                if delay is None:
                    raise failure from error
            await asyncio.sleep(delay)
