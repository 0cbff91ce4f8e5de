"""Pictures as the server gives them, as Pillow images and as arrays."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import PIL.Image

from scorestream.v1.scorestream_pb2 import ImageFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scorestream.v1.scorestream_pb2 import Image, Preview

Format = Literal["png", "jpeg", "webp", "raw-uint8", "raw-float32"]
"""In which form pictures come. "raw-float32" has the exact values, in the model's data range."""


Pixels: TypeAlias = "NDArray[np.uint8] | NDArray[np.float32]"


def format_of(name: Format | ImageFormat.ValueType, field: str) -> ImageFormat.ValueType:
    """The contract's format; a ValueError that begins with the field's name where there is none."""
    if not isinstance(name, str):
        return name
    if name not in get_args(Format):
        raise ValueError(f"{field}: seen {name!r}, expected one of {', '.join(get_args(Format))}")
    return ImageFormat.Value(f"IMAGE_FORMAT_{name.upper().replace('-', '_')}")


def to_numpy(image: Image) -> Pixels:
    """The picture's values.

    Returns:
        uint8[height, width, channels], or float32[channels, height, width] in the model's data
        range where the format is "raw-float32". Either can be sent back as it is.
    """
    shape = (image.shape.height, image.shape.width, image.shape.channels)
    if image.format == ImageFormat.IMAGE_FORMAT_RAW_FLOAT32:
        values = np.frombuffer(image.data, "<f4").astype(np.float32)
        return values.reshape(shape[2], shape[0], shape[1])
    if image.format == ImageFormat.IMAGE_FORMAT_RAW_UINT8:
        levels = np.frombuffer(image.data, np.uint8)
    else:
        levels = np.asarray(PIL.Image.open(io.BytesIO(image.data)), np.uint8)
    # A copy can be written to.
    pixels: NDArray[np.uint8] = levels.reshape(shape).copy()
    return pixels


def to_stack(images: Sequence[Image]) -> Pixels:
    """Pictures of one format as one array, whose first axis is theirs."""
    stack: Pixels = np.stack([np.asarray(to_numpy(image)) for image in images])
    return stack


def to_pillow(image: Image) -> PIL.Image.Image:
    """The picture as a Pillow image, of mode "RGB" or "L".

    Raises:
        ValueError: Its format is "raw-float32", whose values Pillow has no mode for.
    """
    if image.format == ImageFormat.IMAGE_FORMAT_RAW_FLOAT32:
        raise ValueError("format: seen raw-float32, which only an array can hold; ask for numpy()")
    values = to_numpy(image)
    return PIL.Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)


class PreviewPicture:
    """The denoised estimate E[x0 | x_t] of one row, while it is on its way.

    Attributes:
        row: Which sample or latent of the request.
        evaluations: Network evaluations of the row so far.
        time: Diffusion time, from T down.
    """

    def __init__(self, preview: Preview) -> None:
        self._encoded = preview.image
        self.row = preview.row
        self.evaluations = preview.evaluations
        self.time = preview.time

    @property
    def image(self) -> PIL.Image.Image:
        """As `to_pillow`."""
        return to_pillow(self._encoded)

    def numpy(self) -> Pixels:
        """As `to_numpy`."""
        return to_numpy(self._encoded)
