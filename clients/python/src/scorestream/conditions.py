"""Conditions of `sample`: what is known of the pictures (docs/conditions.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scorestream.sources import to_image_source
from scorestream.v1.scorestream_pb2 import (
    ClassCondition,
    Colorize,
    Condition,
    Inpaint,
    SuperResolve,
)

if TYPE_CHECKING:
    from scorestream.sources import PictureSource


def of_class(label: str, guidance_scale: float = 1.0) -> Condition:
    """Samples of a class: `client.sample(condition=of_class("7"))`.

    Fails with "invalid-argument" at `condition.class_label.label` for a class that the model does
    not have, and with "capability-missing" where it has no classes at all.

    Args:
        label: Out of `Model.classes`.
        guidance_scale: In (0, 100]. More than 1 makes samples more typical of their class, and
            less diverse.
    """
    return Condition(class_label=_class(label, guidance_scale))


def inpaint(
    image: PictureSource,
    mask: PictureSource,
    *,
    label: str | None = None,
    guidance_scale: float = 1.0,
    resample_jumps: int = 0,
    jump_length: int = 10,
) -> Condition:
    """Samples that agree with the known pixels of a picture.

    Resampling, or a sampler with corrector steps, makes them agree better with what is known. The
    adaptive solver "rk45" takes no condition.

    Fails with "invalid-argument" or "upload-not-found" at `condition.inpaint.image` or `.mask` and
    the fields beside.

    Args:
        image: Of the model's size.
        mask: Of the model's size: white pixels, or True, are known and come out as they went in;
            black ones are filled.
        label: A class out of `Model.classes` that the samples are to be of.
        guidance_scale: Of the class, as `of_class` has it.
        resample_jumps: RePaint: how often each stretch of steps is gone over again, at most 100.
        jump_length: Steps of such a stretch.
    """
    return Condition(
        inpaint=Inpaint(
            image=to_image_source(image, "image"),
            mask=to_image_source(mask, "mask"),
            class_label=None if label is None else _class(label, guidance_scale),
            resample_jumps=resample_jumps,
            jump_length=jump_length if resample_jumps > 0 else 0,
        )
    )


def colorize(gray: PictureSource) -> Condition:
    """Samples whose mean of red, green and blue is the given gray at every pixel, within 1/255.

    Fails with "capability-missing" for a model without colours, and with "invalid-argument" or
    "upload-not-found" at `condition.colorize.gray`.

    Args:
        gray: Of the model's size: a gray picture, an RGB one whose channels are equal, or
            float32[1, height, width].
    """
    return Condition(colorize=Colorize(gray=to_image_source(gray, "gray")))


def super_resolve(low_resolution: PictureSource, factor: Literal[2, 4, 8] = 4) -> Condition:
    """Samples whose means over blocks of factor x factor pixels are the given pixels, within 1/255.

    Fails with "invalid-argument" or "upload-not-found" at `condition.super_resolve.low_resolution`
    or `.factor`.

    Args:
        low_resolution: Smaller than the model's size by the factor, in height and in width.
        factor: 2, 4 or 8.
    """
    low = to_image_source(low_resolution, "low_resolution")
    return Condition(super_resolve=SuperResolve(low_resolution=low, factor=factor))


def _class(label: str, guidance_scale: float) -> ClassCondition:
    return ClassCondition(label=label, guidance_scale=guidance_scale)
