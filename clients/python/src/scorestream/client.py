"""The client that waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import grpc

from scorestream.errors import error_of
from scorestream.job import Job, LatentJob, LikelihoodJob, PictureJob
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
    from collections.abc import Callable, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from scorestream.reading import Opening
    from scorestream.sources import PictureFile
    from scorestream.uploads import ContentType
    from scorestream.v1.scorestream_pb2 import Image, LikelihoodResult, Model

R = TypeVar("R")

CHANNEL_OPTIONS: Final = (
    # The answers' sizes are the models'; gRPC's own limit is 4 MiB.
    ("grpc.max_receive_message_length", -1),
    # gRPC tries a lost connection again after 1 s and more, in which every call fails at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A network that has gone silent is a lost connection too, once a ping is not answered.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)


class Client(Tasks[PictureJob, LatentJob, LikelihoodJob]):
    """A scorestream server over gRPC, for code that waits. Threads may share it.

    Whatever fails raises a `ScoreStreamError`, of a job when it is read and not when it is started.
    `close()` and the end of a `with` end the connection and every call on it.

    Args:
        target: Host and port, such as "127.0.0.1:50051".
        credentials: For TLS, such as `grpc.ssl_channel_credentials()`; None: no encryption.
        metadata: Sent with every call, such as `[("authorization", "Bearer ...")]`.
        retry: How often a call is made again; None: never.
        max_event_bytes: Of one picture or latent; a job with a larger one raises "too-large".
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
            self._channel = grpc.insecure_channel(target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.secure_channel(target, credentials, CHANNEL_OPTIONS)
        self._stub = ScoreStreamStub(self._channel)
        self._metadata = tuple(metadata)
        self._retry = retry or NEVER
        self._max_event_bytes = max_event_bytes

    def list_models(self) -> list[Model]:
        """What the server can run, and which tasks each model supports."""
        return list(self._answer(self._stub.ListModels, ListModelsRequest).models)

    def upload(
        self,
        source: PictureFile,
        content_type: ContentType | None = None,
        *,
        tenant: str = "",
    ) -> UploadResponse:
        """Stores a picture, a mask or numbers, for later requests of the same tenant.

        Args:
            source: A picture file's bytes or path, a Pillow image, an array; float32[channels,
                height, width] are numbers.
            content_type: Of bytes and files; None: told from how they begin.
            tenant: Whose requests may use it; empty: those without a tenant.

        Returns:
            A source for these requests.

        Raises:
            ScoreStreamError: "invalid-argument", "too-large", "upload-store-full".
            TypeError, ValueError: The source is none of these.
        """
        content, told = to_upload(source, content_type)
        return self._answer(self._stub.Upload, lambda: parts_of(content, told, tenant))

    def watch(self, job_id: str, after_sequence: int = 0) -> Job[JobEvent]:
        """Attaches to a job again, from the event after `after_sequence`.

        Leaving it ends no job. Its `results()` are those events that carry one.
        """
        request = watch_request(job_id, after_sequence)
        # Whatever the job, this call of it may be lost and made again.
        reading = Reading(
            ("Watch", request),
            detached=True,
            take=take_event,
            retry=self._retry,
            max_event_bytes=self._max_event_bytes,
        )
        return Job(self._open_call, reading)

    def cancel(self, job_id: str, rows: Sequence[int] | None = None) -> CancelResponse:
        """Ends a job within one step, or images of it, whoever started it.

        Args:
            job_id: As `Job.id` has it.
            rows: The images that are to end, from 0; the others go on. None: the whole job.

        Returns:
            `cancelled`: whether that was still to be done; `rows`: the images that it was done to.

        Raises:
            ScoreStreamError: "job-not-found"; "invalid-argument" at `rows[i]` for an image that the
                job does not have, and then none is cancelled.
        """
        if rows is not None and len(rows) == 0:
            # No image at all is not the whole job.
            return CancelResponse()
        request = CancelRequest(job_id=job_id, rows=rows)
        return self._answer(self._stub.Cancel, lambda: request)

    def close(self) -> None:
        """Ends the connection, and the jobs on it that are not detached."""
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _picture_job(self, reading: Reading[Image]) -> PictureJob:
        return PictureJob(self._open_call, reading)

    def _latent_job(self, reading: Reading[NDArray[np.float32]]) -> LatentJob:
        return LatentJob(self._open_call, reading)

    def _likelihood_job(self, reading: Reading[LikelihoodResult]) -> LikelihoodJob:
        return LikelihoodJob(self._open_call, reading)

    def _open_call(self, opening: Opening) -> Any:
        name, request = opening
        return getattr(self._stub, name)(request, metadata=self._metadata)

    def _answer(self, call: Callable[..., R], request: Callable[[], object]) -> R:
        """The answer of a call of one answer, made again as `retry` says."""
        made = 0
        while True:
            try:
                return call(request(), metadata=self._metadata)
            except grpc.RpcError as error:
                failure = error_of(error)
                made += 1
                delay = self._retry.delay(made, failure)
                if delay is None:
                    raise failure from error
            time.sleep(delay)
