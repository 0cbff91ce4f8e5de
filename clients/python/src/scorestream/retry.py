"""When a call is made again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scorestream.errors import ScoreStreamError

# The codes that pass by themselves.
_PASSING: Final = ("queue-full", "upload-store-full", "shutting-down", "worker-lost")


@dataclass(frozen=True)
class Retry:
    """How often and after how long a call is made again.

    A call is made again where that can help: the connection was lost or could not be made, or the
    server had no room or was stopping. The server's own `retry_after` is kept to; without one the
    delay is drawn between a half and the whole of `first_delay`, doubled each time.

    Attributes:
        attempts: Calls, the first included; >= 1.
        first_delay: Before the second call, in seconds.
        longest_delay: In seconds; where the server says a longer one, the call fails at once.
    """

    attempts: int = 8
    first_delay: float = 0.1
    longest_delay: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts: seen {self.attempts}, expected a whole number >= 1")
        if not 0 <= self.first_delay <= self.longest_delay:
            raise ValueError(
                f"first_delay: seen {self.first_delay}, expected 0 to {self.longest_delay}, "
                "the longest_delay"
            )

    def delay(self, made: int, failure: ScoreStreamError) -> float | None:
        """Seconds to wait after `made` calls, the last of which failed; None: give up."""
        if made >= self.attempts or not (lost(failure) or failure.code in _PASSING):
            return None
        if failure.retry_after is None:
            whole = min(self.longest_delay, self.first_delay * 2.0 ** (made - 1))
            return whole * random.uniform(0.5, 1.0)
        if failure.retry_after > self.longest_delay:
            return None
        # Those who were refused together shall not come back together.
        return failure.retry_after * random.uniform(1.0, 1.1)


NEVER: Final = Retry(attempts=1)


def lost(failure: ScoreStreamError) -> bool:
    """Whether it is the connection that failed, and not the server that refused."""
    return failure.code is None and failure.status == "UNAVAILABLE"
