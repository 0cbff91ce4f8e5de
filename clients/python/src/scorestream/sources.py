"""Pictures, masks and latents on their way to the server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from scorestream.v1.scorestream_pb2 import (
    ImageShape,
    ImageSource,
    Tensor,
    TensorSource,
    UploadResponse,
)

PictureFile: TypeAlias = "bytes | str | os.PathLike[str] | PIL.Image.Image | NDArray[Any]"


@dataclass(frozen=True)
class Resized:
    """A picture of another size than the model's.

    Attributes:
        source: The picture; not an array of float32.
        resize: "cover": scaled, its middle cut out; "contain": scaled, on black; "fill": stretched.
    """

    source: PictureFile | UploadResponse
    resize: Literal["cover", "contain", "fill"]


PictureSource: TypeAlias = "PictureFile | UploadResponse | Resized"
"""A picture, of the model's size:

- `bytes` of a PNG, JPEG or WebP file, or the path of one;
- a Pillow image;
- uint8[height, width] or uint8[height, width, channels];
- float32[channels, height, width], exact values in the model's data range;
- what `upload` returned;
- `Resized`, where the size is another one.

A mask likewise, and bool[height, width]: white, 1 or True is known and kept, the rest is filled.
"""

LatentSource: TypeAlias = "NDArray[np.float32] | UploadResponse"
"""A latent: float32[channels, height, width] as `encode` gives it, or an upload of one."""


def to_image_source(picture: PictureSource, field: str) -> ImageSource:
    """A picture as the contract has it.

    Raises:
        TypeError, ValueError: It is none; the message begins with `field`.
        OSError: A path that can't be read.
    """
    if isinstance(picture, Resized):
        source = to_image_source(picture.source, field)
        source.resize = picture.resize
        return source
    if isinstance(picture, UploadResponse):
        return ImageSource(upload_id=picture.upload_id)
    if isinstance(picture, np.ndarray) and picture.dtype == np.float32:
        return ImageSource(tensor=to_tensor(picture, field))
    return ImageSource(data=to_file(picture, field))


def to_tensor_source(latent: LatentSource, field: str) -> TensorSource:
    """A latent as the contract has it; raises as `to_image_source`."""
    if isinstance(latent, UploadResponse):
        return TensorSource(upload_id=latent.upload_id)
    return TensorSource(tensor=to_tensor(latent, field))


def to_tensor(values: NDArray[np.float32], field: str) -> Tensor:
    """float32[channels, height, width] as the contract has it; raises as `to_image_source`."""
    if not isinstance(values, np.ndarray):
        raise TypeError(f"{field}: seen {type(values).__name__}, expected an array of float32")
    if values.dtype != np.float32 or values.ndim != 3:
        raise ValueError(
            f"{field}: seen {_seen(values)}, expected float32[channels, height, width]"
        )
    channels, height, width = values.shape
    shape = ImageShape(channels=channels, height=height, width=width)
    return Tensor(shape=shape, float32=values.astype("<f4", copy=False).tobytes())


def to_file(picture: PictureFile, field: str) -> bytes:
    """The bytes of a picture file, those of an image or an array as PNG; raises as above."""
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, (str, os.PathLike)):
        return Path(picture).read_bytes()
    if isinstance(picture, np.ndarray):
        return _to_png(_from_array(picture, field), field)
    if isinstance(picture, PIL.Image.Image):
        return _to_png(picture, field)
    raise TypeError(
        f"{field}: seen {type(picture).__name__}, expected bytes, a path, a Pillow image, an array "
        "or an upload"
    )


def each(sources: object, field: str) -> list[Any]:
    """The pictures or latents of a request, which must not be one alone."""
    alone = isinstance(sources, (bytes, str, os.PathLike, PIL.Image.Image, UploadResponse, Resized))
    if alone or not isinstance(sources, Iterable):
        raise TypeError(f"{field}: seen one {type(sources).__name__}, expected a list of them")
    return list(sources)


def _from_array(values: NDArray[Any], field: str) -> PIL.Image.Image:
    if values.dtype == np.bool_ and values.ndim == 2:
        return PIL.Image.fromarray(np.where(values, np.uint8(255), np.uint8(0)))
    if values.dtype == np.uint8 and (
        values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    ):
        return PIL.Image.fromarray(values)
    if values.dtype == np.uint8 and values.ndim == 3 and values.shape[2] == 1:
        return PIL.Image.fromarray(values[:, :, 0])
    raise ValueError(
        f"{field}: seen {_seen(values)}, expected uint8[height, width], "
        "uint8[height, width, channels] or float32[channels, height, width]"
    )


def _to_png(picture: PIL.Image.Image, field: str) -> bytes:
    file = io.BytesIO()
    try:
        picture.save(file, "PNG")
    except OSError as error:
        expected = "one of mode RGB or L"
        raise ValueError(
            f"{field}: seen an image of mode {picture.mode}, expected {expected}"
        ) from error
    return file.getvalue()


def _seen(values: NDArray[Any]) -> str:
    return f"{values.dtype}[{', '.join(map(str, values.shape))}]"
