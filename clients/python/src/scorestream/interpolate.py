"""Pictures between two pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorestream.spherical import on_arc

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

    from scorestream.async_client import AsyncClient
    from scorestream.client import Client
    from scorestream.sources import PictureSource
    from scorestream.v1.scorestream_pb2 import JobOptions, ProbabilityFlow


def interpolate(
    client: Client,
    a: PictureSource,
    b: PictureSource,
    *,
    frames: int,
    model: str = "",
    solver: ProbabilityFlow | None = None,
    time_eps: float = 0,
    options: JobOptions | None = None,
) -> list[PIL.Image.Image]:
    """Pictures from one to another through the model's latent space.

    Both are encoded, and points evenly spaced on the arc between their latents are decoded, in one
    job. The ends come out as they went in, to the solver's tolerance. No noise is drawn.

    Args:
        client: Of the server.
        a: The first picture, of the model's size.
        b: The last.
        frames: Pictures, both ends among them; >= 2.
        model: Of both jobs, as are the others.
        solver: As `Client.encode` has it.
        time_eps: As `Client.encode` has it.
        options: Such as `JobOptions(tenant="me")`, without an idempotency key.

    Returns:
        `frames` pictures, the first like `a` and the last like `b`.

    Raises:
        ValueError: Fewer than 2 frames.
        ScoreStreamError: As `encode`, where `images[0]` is a and `images[1]` b, and as `decode`.
    """
    _check(frames)
    encoding = client.encode([a, b], model=model, solver=solver, time_eps=time_eps, options=options)
    first, last = encoding.latents()
    latents = between(first, last, frames)
    decoding = client.decode(
        latents, model=model, solver=solver, time_eps=time_eps, options=options
    )
    return decoding.images()


async def interpolate_async(
    client: AsyncClient,
    a: PictureSource,
    b: PictureSource,
    *,
    frames: int,
    model: str = "",
    solver: ProbabilityFlow | None = None,
    time_eps: float = 0,
    options: JobOptions | None = None,
) -> list[PIL.Image.Image]:
    """As `interpolate`."""
    _check(frames)
    encoding = client.encode([a, b], model=model, solver=solver, time_eps=time_eps, options=options)
    first, last = await encoding.latents()
    latents = between(first, last, frames)
    decoding = client.decode(
        latents, model=model, solver=solver, time_eps=time_eps, options=options
    )
    return await decoding.images()


def between(a: NDArray[np.float32], b: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """`frames` points evenly spaced on the arc from one latent to another, the ends among them."""
    return np.stack([on_arc(a, b, float(fraction)) for fraction in np.linspace(0, 1, frames)])


def _check(frames: int) -> None:
    if frames < 2:
        raise ValueError(f"frames: seen {frames}, expected a whole number >= 2")
