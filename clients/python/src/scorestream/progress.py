"""How far a job is, in a terminal or a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from types import TracebackType

    from scorestream.v1.scorestream_pb2 import JobEvent


class _Bar(Protocol):
    """What is used of a bar of tqdm."""

    total: float | None
    n: float

    def refresh(self) -> object: ...
    def close(self) -> object: ...


class Progress:
    """A bar that follows a job's events: `with Progress("digits") as progress: ...`.

    It is tqdm's, a widget in notebooks, where tqdm is installed (`pip install
    'scorestream[progress]'`), and else a line of text on stderr. The rows count, each by the
    fraction of its time that it has done.

    Args:
        description: Before the bar.
    """

    def __init__(self, description: str = "") -> None:
        self._bar = _bar(description)
        self._fractions: dict[int, float] = {}

    def __call__(self, event: JobEvent) -> None:
        """Takes the next event of the job."""
        kind = event.WhichOneof("event")
        if kind == "accepted":
            self._bar.total = event.accepted.rows
        elif kind == "progress":
            self._fractions[event.progress.row] = event.progress.fraction
        elif kind == "sampled":
            self._fractions[event.sampled.row] = 1.0
        elif kind == "encoded":
            self._fractions[event.encoded.row] = 1.0
        elif kind == "row_cancelled":
            # Of a likelihood, a row of the progress is a probe: its bar is right again at the end.
            self._fractions[event.row_cancelled.row] = 1.0
        elif kind != "completed":
            return
        done = self._bar.total if kind == "completed" else sum(self._fractions.values())
        self._bar.n = round(done or 0, 2)
        self._bar.refresh()

    def close(self) -> None:
        """Leaves the bar as it is."""
        self._bar.close()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Line:
    """A bar of one line of text, drawn anew where it has changed."""

    _WIDTH = 30

    def __init__(self, description: str, stream: TextIO) -> None:
        self.total: float | None = None
        self.n: float = 0
        self._before = f"{description}: " if description else ""
        self._stream = stream
        self._shown = ""

    def refresh(self) -> None:
        share = self.n / self.total if self.total else 0.0
        filled = "#" * round(self._WIDTH * share)
        line = (
            f"{self._before}{share:4.0%} |{filled:<{self._WIDTH}}| {self.n:g}/{self.total or 0:g}"
        )
        if line == self._shown:
            return
        self._stream.write(f"\r{line:<{len(self._shown)}}")
        self._stream.flush()
        self._shown = line

    def close(self) -> None:
        self._stream.write("\n")


def _bar(description: str) -> _Bar:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(description, sys.stderr)
    shape = "{l_bar}{bar}| {n:g}/{total:g} [{elapsed}<{remaining}]"
    return tqdm(desc=description or None, total=1, unit="row", bar_format=shape)
