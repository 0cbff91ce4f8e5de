"""What has been read of a job, and how to go on when its call fails. No input or output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from scorestream.errors import without
from scorestream.parts import MAX_EVENT_BYTES, PART_BYTES, PartJoiner
from scorestream.retry import lost
from scorestream.v1.scorestream_pb2 import WatchRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorestream.errors import ScoreStreamError
    from scorestream.retry import Retry
    from scorestream.tasks import TaskRequest
    from scorestream.v1.scorestream_pb2 import Accepted, Completed, JobEvent

R = TypeVar("R")

Opening = tuple[str, "TaskRequest | WatchRequest"]
"""A call: its name in the contract, and what it asks."""


class Reading(Generic[R]):
    """The state of one job as its reader knows it: `Job` and `AsyncJob` do the calls.

    Args:
        opening: The call that starts the job, or attaches to it.
        detached: Whether the job goes on without a call, so that it can be attached to again.
        take: The row and the result of an event, if it is one.
        retry: How often a call is made again.
        max_event_bytes: Of one picture or latent.
    """

    def __init__(
        self,
        opening: Opening,
        *,
        detached: bool,
        take: Callable[[JobEvent], tuple[int, R] | None],
        retry: Retry,
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        self._opening = opening
        # Its results are events, which say of which row they are.
        self._is_watch = opening[0] == "Watch"
        self._detached = detached
        self._take = take
        self._retry = retry
        self._calls_made = 1
        self._joiner = PartJoiner(max_event_bytes)
        self._results: dict[int, R] = {}
        self.job_id: str | None = None
        self.sequence = 0
        self.accepted: Accepted | None = None
        self.completed: Completed | None = None

    def take(self, sent: JobEvent) -> JobEvent | None:
        """Takes what comes next.

        Returns:
            The event, with all of its bytes; None where it is a part of one.

        Raises:
            ScoreStreamError: As `PartJoiner.take`.
        """
        event = self._joiner.take(sent)
        if event is None:
            return None
        self.job_id = event.job_id
        self.sequence = event.sequence
        self._calls_made = 1
        if event.HasField("accepted"):
            self.accepted = event.accepted
        if event.HasField("completed"):
            self.completed = event.completed
        taken = self._take(event)
        if taken is not None:
            row, result = taken
            self._results[row] = result
        return event

    def results(self) -> list[R]:
        """Those of the events so far, in the order of the rows.

        Raises:
            ScoreStreamError: "cancelled", where images were cancelled by themselves, so that the
                list would have holes.
        """
        if self.completed is not None and self.completed.cancelled_rows and not self._is_watch:
            raise without(self.completed.cancelled_rows)
        return [self._results[row] for row in sorted(self._results)]

    def delay_after(self, failure: ScoreStreamError) -> float | None:
        """Seconds to wait until the next call; None: there is none to make.

        Before its first event a job is asked for again, with the same idempotency key. After it, a
        job that is detached and whose connection was lost is attached to again.
        """
        if self.job_id is not None and not (self._detached and lost(failure)):
            return None
        delay = self._retry.delay(self._calls_made, failure)
        self._calls_made += 1
        return delay

    def next_opening(self) -> Opening:
        """The call to make now."""
        if self.job_id is None:
            return self._opening
        return "Watch", watch_request(self.job_id, self.sequence)


def watch_request(job_id: str, after_sequence: int) -> WatchRequest:
    """Asks for a job's events, large ones in parts."""
    return WatchRequest(job_id=job_id, after_sequence=after_sequence, part_bytes=PART_BYTES)
