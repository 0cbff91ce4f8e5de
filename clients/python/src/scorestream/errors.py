"""What a call can fail with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

import grpc

if TYPE_CHECKING:
    from collections.abc import Sequence

ErrorCode = Literal[
    "invalid-argument",
    "malformed-frame",
    "too-large",
    "model-not-found",
    "job-not-found",
    "upload-not-found",
    "capability-missing",
    "queue-full",
    "upload-store-full",
    "cancelled",
    "deadline-exceeded",
    "worker-lost",
    "shutting-down",
    "solver-failed",
    "nonfinite-output",
    "internal",
]
"""The server's own codes, as docs/protocol.md explains them."""

ERROR_CODES: Final[tuple[ErrorCode, ...]] = get_args(ErrorCode)

# The codes whose message begins with the field that they are about.
_ABOUT_FIELDS: Final = ("invalid-argument", "capability-missing", "upload-not-found")
_FIELD: Final = re.compile(r"([a-z0-9_]+(?:\[\d+\])?(?:\.[a-z0-9_]+(?:\[\d+\])?)*): ")


class ScoreStreamError(Exception):
    """A call that failed. Its text is the server's, and gRPC's own error is the `__cause__`.

    Attributes:
        code: The server's code; None where the failure is gRPC's own, such as a lost connection, a
            message over its limit or a call that the caller ended: then `status` says which.
        status: Name of the gRPC status, such as "INVALID_ARGUMENT".
        field: Path in the request of what is wrong, such as "images[2]" or
            "condition.inpaint.mask"; None where none is told.
        retry_after: When it may be worth trying again, in seconds; None where the server does not
            know.
    """

    def __init__(
        self,
        message: str,
        *,
        status: str,
        code: ErrorCode | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        begun = _FIELD.match(message) if code in _ABOUT_FIELDS else None
        self.field = begun[1] if begun is not None else None


def error_of(failure: grpc.RpcError) -> ScoreStreamError:
    """What a failed call of either kind, `grpc` or `grpc.aio`, says."""
    # Every error of a call is a Call too, which the types leave out.
    call = cast("grpc.Call", failure)
    trailer = {entry[0]: entry[1] for entry in call.trailing_metadata() or ()}
    code = trailer.get("scorestream-code")
    retry_after_ms = trailer.get("retry-after-ms")
    return ScoreStreamError(
        call.details() or call.code().name,
        status=call.code().name,
        code=code if code in ERROR_CODES else None,
        retry_after=None if retry_after_ms is None else float(retry_after_ms) / 1000,
    )


def left() -> ScoreStreamError:
    """The error of a job that this client has left while it was being read."""
    return ScoreStreamError("this client has left the job", status="CANCELLED")


def without(rows: Sequence[int]) -> ScoreStreamError:
    """The error of a job's results when images of it were cancelled by themselves."""
    named = ", ".join(str(row) for row in rows)
    what = f"image {named} of the job was" if len(rows) == 1 else f"images {named} of the job were"
    return ScoreStreamError(
        f"{what} cancelled: its events have the others' results",
        status="CANCELLED",
        code="cancelled",
    )
