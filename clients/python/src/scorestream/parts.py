"""Pictures and latents that come in parts. No input or output."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from scorestream.errors import ScoreStreamError

if TYPE_CHECKING:
    from scorestream.v1.scorestream_pb2 import JobEvent, Part

PART_BYTES: Final = 256 * 1024
"""Of one part that this client asks for."""

MAX_EVENT_BYTES: Final = 2**30
"""Of one picture or latent that this client takes, where the caller does not say."""


class PartJoiner:
    """Puts events together whose bytes come in parts, one after the other.

    Args:
        max_bytes: Of one event's picture or latent.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes: bytearray | None = None
        self._size = 0
        self._sha256 = ""

    def take(self, event: JobEvent) -> JobEvent | None:
        """The event with all of its bytes; None where it is a part of one.

        Raises:
            ScoreStreamError: "too-large" where there are more bytes than the caller takes; status
                "DATA_LOSS" where parts are missing, or are not what was sent.
        """
        if event.HasField("part"):
            self._add(event.part)
            return None
        content, self._bytes = self._bytes, None
        if content is None:
            return event
        if len(content) != self._size:
            raise _broken(f"{len(content)} bytes", str(self._size))
        seen = hashlib.sha256(content).hexdigest()
        if seen != self._sha256:
            raise _broken(f"sha256 {seen}", self._sha256)
        if event.HasField("preview"):
            event.preview.image.data = bytes(content)
        elif event.HasField("sampled"):
            event.sampled.image.data = bytes(content)
        elif event.HasField("encoded"):
            event.encoded.latent.float32 = bytes(content)
        else:
            raise _broken(f"parts before {event.WhichOneof('event')}", "a picture or a latent")
        return event

    def _add(self, part: Part) -> None:
        if part.offset == 0:  # a connection that was lost in between begins the event anew
            if part.size_bytes > self._max_bytes:
                raise ScoreStreamError(
                    f"a picture or latent of {part.size_bytes} bytes is more than this client "
                    f"takes, {self._max_bytes} (max_event_bytes)",
                    status="RESOURCE_EXHAUSTED",
                    code="too-large",
                )
            self._bytes = bytearray()
            self._size = part.size_bytes
        if self._bytes is None or part.offset != len(self._bytes):
            expected = 0 if self._bytes is None else len(self._bytes)
            raise _broken(f"a part from byte {part.offset} on", str(expected))
        self._bytes += part.data
        self._sha256 = part.sha256


def _broken(seen: str, expected: str) -> ScoreStreamError:
    message = f"a result came broken: seen {seen}, expected {expected}"
    return ScoreStreamError(message, status="DATA_LOSS")
