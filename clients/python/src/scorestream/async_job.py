"""Jobs that the server runs for an `AsyncClient`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import grpc
import numpy as np

from scorestream.errors import error_of, left
from scorestream.job import bar_for, previews_for
from scorestream.pictures import PreviewPicture, to_pillow, to_stack
from scorestream.v1.scorestream_pb2 import Image, LikelihoodResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from types import TracebackType

    import PIL.Image
    from numpy.typing import NDArray

    from scorestream.pictures import Pixels
    from scorestream.reading import Opening, Reading
    from scorestream.v1.scorestream_pb2 import Accepted, Completed, JobEvent

R = TypeVar("R")


class _AsyncCall(Protocol):
    """A call of `grpc.aio` that answers with events."""

    def __aiter__(self) -> AsyncIterator[JobEvent]: ...
    def cancel(self) -> bool: ...


class AsyncJob(Generic[R]):
    """A job that the server runs, which has begun: `Job`, with `async for` and `await`.

    Cancelling the task that reads it cancels the job, unless it is detached. A loop that is left
    early ends its job when the event loop next runs; `async with` or `close()` do so at once.
    """

    def __init__(self, open_call: Callable[[Opening], _AsyncCall], reading: Reading[R]) -> None:
        self._open_call = open_call
        self._reading = reading
        self._is_read = False
        self._is_left = asyncio.Event()
        self._call = open_call(reading.next_opening())

    @property
    def id(self) -> str | None:
        """What `watch` and `cancel` take; None before the first event."""
        return self._reading.job_id

    @property
    def sequence(self) -> int:
        """Of the last event that was read, which `watch` goes on after; 0 before the first."""
        return self._reading.sequence

    @property
    def accepted(self) -> Accepted | None:
        """How many rows there are, and what they are expected to take; None before that event."""
        return self._reading.accepted

    @property
    def completed(self) -> Completed | None:
        """The settings and the seed that were used, and times; None before the end."""
        return self._reading.completed

    def __aiter__(self) -> AsyncGenerator[JobEvent, None]:
        """Accepted, queued while it waits, progress and previews, each row's result, completed."""
        if self._is_read:
            raise RuntimeError("the events of a job can be read once only")
        self._is_read = True
        return self._events()

    async def _events(self) -> AsyncGenerator[JobEvent, None]:
        try:
            events = aiter(self._call)
            while True:
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
                except asyncio.CancelledError:
                    # grpc.aio raises it for a call that was ended here too; a task's own goes on.
                    if self._is_left.is_set():
                        raise left() from None
                    raise
                except grpc.RpcError as error:
                    await self._go_on_after(error)
                    events = aiter(self._call)
                    continue
                whole = self._reading.take(event)
                if whole is not None:
                    yield whole
        finally:
            self.close()

    async def _go_on_after(self, error: grpc.RpcError) -> None:
        """Makes the next call when it is time, or raises."""
        failure = error_of(error)
        delay = None if self._is_left.is_set() else self._reading.delay_after(failure)
        if delay is None:
            raise failure from error
        try:
            await asyncio.wait_for(self._is_left.wait(), delay)
        except asyncio.TimeoutError:
            self._call = self._open_call(self._reading.next_opening())
        else:
            raise left() from error

    async def results(
        self,
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        progress: bool | str = False,
    ) -> list[R]:
        """Reads the job to its end, as `Job.results` does."""
        if self._reading.completed is None:
            with bar_for(progress) as follow:
                async with aclosing(aiter(self)) as events:
                    async for event in events:
                        if follow is not None:
                            follow(event)
                        if on_event is not None:
                            on_event(event)
        return self._reading.results()

    def close(self) -> None:
        """Leaves the job, whether it is being read or not."""
        self._is_left.set()
        self._call.cancel()

    async def __aenter__(self) -> AsyncJob[R]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncPictureJob(AsyncJob[Image]):
    """A job whose results are pictures."""

    async def __aenter__(self) -> AsyncPictureJob:
        return self

    async def images(
        self,
        *,
        on_preview: Callable[[PreviewPicture], object] | None = None,
        progress: bool | str = False,
    ) -> list[PIL.Image.Image]:
        """As `PictureJob.images`."""
        results = await self.results(on_event=previews_for(on_preview), progress=progress)
        return [to_pillow(image) for image in results]

    async def numpy(
        self,
        *,
        on_preview: Callable[[PreviewPicture], object] | None = None,
        progress: bool | str = False,
    ) -> Pixels:
        """As `PictureJob.numpy`."""
        results = await self.results(on_event=previews_for(on_preview), progress=progress)
        return to_stack(results)

    async def previews(self) -> AsyncGenerator[PreviewPicture, None]:
        """As `PictureJob.previews`."""
        async with aclosing(aiter(self)) as events:
            async for event in events:
                if event.HasField("preview"):
                    yield PreviewPicture(event.preview)


class AsyncLatentJob(AsyncJob["NDArray[np.float32]"]):
    """A job whose results are latents."""

    async def __aenter__(self) -> AsyncLatentJob:
        return self

    async def latents(self, *, progress: bool | str = False) -> NDArray[np.float32]:
        """As `LatentJob.latents`."""
        return np.stack(await self.results(progress=progress))


class AsyncLikelihoodJob(AsyncJob[LikelihoodResult]):
    """A job whose results are likelihoods."""

    async def __aenter__(self) -> AsyncLikelihoodJob:
        return self

    async def likelihoods(self, *, progress: bool | str = False) -> list[LikelihoodResult]:
        """As `LikelihoodJob.likelihoods`."""
        return await self.results(progress=progress)
