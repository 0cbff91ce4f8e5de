"""What is uploaded, part by part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from scorestream.sources import to_file, to_tensor
from scorestream.v1.scorestream_pb2 import UploadHeader, UploadRequest

if TYPE_CHECKING:
    from scorestream.sources import PictureFile

ContentType = Literal["image/png", "image/jpeg", "image/webp", "application/x-float32"]

# Of one part: well under the 4 MiB that a server takes unless it was told otherwise.
_CHUNK_BYTES: Final = 64 * 1024
_BEGINNINGS: Final[dict[ContentType, tuple[bytes, bytes]]] = {
    # The bytes from 0 on and those from 8 on.
    "image/png": (b"\x89PNG\r\n\x1a\n", b""),
    "image/jpeg": (b"\xff\xd8\xff", b""),
    "image/webp": (b"RIFF", b"WEBP"),
}


def to_upload(source: PictureFile, content_type: ContentType | None) -> tuple[bytes, ContentType]:
    """The bytes and what they are.

    Args:
        source: A picture, or float32[channels, height, width].
        content_type: Of bytes and of files; where None, it is told from how they begin.

    Raises:
        TypeError, ValueError: Something else, or bytes that begin like no picture.
        OSError: A path that can't be read.
    """
    if content_type is not None and content_type not in get_args(ContentType):
        expected = ", ".join(get_args(ContentType))
        raise ValueError(f"content_type: seen {content_type!r}, expected one of {expected}")
    if isinstance(source, np.ndarray) and source.dtype == np.float32:
        return to_tensor(source, "source").float32, content_type or "application/x-float32"
    content = to_file(source, "source")
    return content, content_type or _told_from(content)


def parts_of(content: bytes, content_type: ContentType, tenant: str) -> Iterator[UploadRequest]:
    """A header, then the bytes in chunks."""
    sha256 = hashlib.sha256(content).hexdigest()
    size = len(content)
    header = UploadHeader(content_type=content_type, size_bytes=size, sha256=sha256, tenant=tenant)
    yield UploadRequest(header=header)
    for start in range(0, size, _CHUNK_BYTES):
        yield UploadRequest(chunk=content[start : start + _CHUNK_BYTES])


def _told_from(content: bytes) -> ContentType:
    for content_type, (first, ninth) in _BEGINNINGS.items():
        if content.startswith(first) and content[8:].startswith(ninth):
            return content_type
    raise ValueError(
        f"content_type: seen bytes that begin {content[:8]!r}, which is no PNG, JPEG or WebP file; "
        "say what they are"
    )
