"""Jobs that the server runs for a `Client`."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import grpc
import numpy as np

from scorestream.errors import error_of, left
from scorestream.pictures import PreviewPicture, to_pillow, to_stack
from scorestream.progress import Progress
from scorestream.v1.scorestream_pb2 import Image, LikelihoodResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    import PIL.Image
    from numpy.typing import NDArray

    from scorestream.pictures import Pixels
    from scorestream.reading import Opening, Reading
    from scorestream.v1.scorestream_pb2 import Accepted, Completed, JobEvent

R = TypeVar("R")


class _Call(Protocol):
    """A call of `grpc` that answers with events."""

    def __next__(self) -> JobEvent: ...
    def cancel(self) -> object: ...


class Job(Generic[R]):
    """A job that the server runs, which has begun.

    It is read once: event by event with `for`, or to its end with `results()` and its like. What
    it gave in a `for` that came to the job's end, `results()` still gives after it. Whatever fails
    raises a `ScoreStreamError`, when the job is read and not when it is started.

    Leaving the `for` early, `close()` and the end of a `with` cancel the job, unless it is detached
    (`JobOptions.detached`): then only this reader goes. Where the connection is lost, a detached
    job is attached to again, from the event after the last one that came.
    """

    def __init__(self, open_call: Callable[[Opening], _Call], reading: Reading[R]) -> None:
        self._open_call = open_call
        self._reading = reading
        self._is_read = False
        self._is_left = threading.Event()
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

    def __iter__(self) -> Iterator[JobEvent]:
        """Accepted, queued while it waits, progress and previews, each row's result, completed."""
        if self._is_read:
            raise RuntimeError("the events of a job can be read once only")
        self._is_read = True
        return self._events()

    def _events(self) -> Iterator[JobEvent]:
        try:
            while True:
                try:
                    event = next(self._call)
                except StopIteration:
                    return
                except grpc.RpcError as error:
                    self._go_on_after(error)
                    continue
                whole = self._reading.take(event)
                if whole is not None:
                    yield whole
        finally:
            self.close()

    def _go_on_after(self, error: grpc.RpcError) -> None:
        """Makes the next call when it is time, or raises."""
        failure = error_of(error)
        delay = None if self._is_left.is_set() else self._reading.delay_after(failure)
        if delay is None:
            raise failure from error
        if self._is_left.wait(delay):
            raise left() from error
        self._call = self._open_call(self._reading.next_opening())

    def results(
        self,
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        progress: bool | str = False,
    ) -> list[R]:
        """Reads the job to its end, where that has not been done.

        Args:
            on_event: Sees every event.
            progress: True shows a bar, text is its description.

        Returns:
            The result of each row, in the order of the rows.

        Raises:
            ScoreStreamError: The job failed, or was cancelled, or images of it were, by themselves:
                then its events have the results of the others.
            RuntimeError: It was read before, and left before its end.
        """
        if self._reading.completed is None:
            with bar_for(progress) as follow:
                for event in self:
                    if follow is not None:
                        follow(event)
                    if on_event is not None:
                        on_event(event)
        return self._reading.results()

    def close(self) -> None:
        """Leaves the job, from any thread, whether it is being read or not."""
        self._is_left.set()
        self._call.cancel()

    def __enter__(self) -> Job[R]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class PictureJob(Job[Image]):
    """A job whose results are pictures."""

    def __enter__(self) -> PictureJob:
        return self

    def images(
        self,
        *,
        on_preview: Callable[[PreviewPicture], object] | None = None,
        progress: bool | str = False,
    ) -> list[PIL.Image.Image]:
        """Reads the job to its end, as `results` does.

        Args:
            on_preview: Sees each preview; they come where the request has `preview`.
            progress: True shows a bar, text is its description.

        Returns:
            A Pillow image a row, "RGB" or "L".
        """
        results = self.results(on_event=previews_for(on_preview), progress=progress)
        return [to_pillow(image) for image in results]

    def numpy(
        self,
        *,
        on_preview: Callable[[PreviewPicture], object] | None = None,
        progress: bool | str = False,
    ) -> Pixels:
        """The same as one array.

        Returns:
            uint8[rows, height, width, channels]; where the request's format is "raw-float32",
            float32[rows, channels, height, width], in the model's data range.
        """
        results = self.results(on_event=previews_for(on_preview), progress=progress)
        return to_stack(results)

    def previews(self) -> Iterator[PreviewPicture]:
        """Reads the job to its end, preview by preview; then `images()` has its pictures.

        Previews come where the request has `preview`. Leaving early cancels the job.
        """
        events = iter(self)
        return (PreviewPicture(event.preview) for event in events if event.HasField("preview"))


class LatentJob(Job["NDArray[np.float32]"]):
    """A job whose results are latents."""

    def __enter__(self) -> LatentJob:
        return self

    def latents(self, *, progress: bool | str = False) -> NDArray[np.float32]:
        """Reads the job to its end, as `results` does.

        Returns:
            float32[rows, channels, height, width], of about the prior's scale.
        """
        return np.stack(self.results(progress=progress))


class LikelihoodJob(Job[LikelihoodResult]):
    """A job whose results are likelihoods."""

    def __enter__(self) -> LikelihoodJob:
        return self

    def likelihoods(self, *, progress: bool | str = False) -> list[LikelihoodResult]:
        """Reads the job to its end, as `results` does; a result a picture."""
        return self.results(progress=progress)


def previews_for(
    on_preview: Callable[[PreviewPicture], object] | None,
) -> Callable[[JobEvent], object] | None:
    """What sees the previews among all events."""
    if on_preview is None:
        return None
    return lambda event: (
        on_preview(PreviewPicture(event.preview)) if event.HasField("preview") else None
    )


def bar_for(progress: bool | str) -> AbstractContextManager[Progress | None]:
    """A bar, where one is wanted."""
    if progress is False:
        return nullcontext()
    return Progress("" if progress is True else progress)
