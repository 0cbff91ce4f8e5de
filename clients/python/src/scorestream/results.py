"""What is a result among the events of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorestream.v1.scorestream_pb2 import Image, JobEvent, LikelihoodResult


def take_picture(event: JobEvent) -> tuple[int, Image] | None:
    """Of `sample` and `decode`."""
    return (event.sampled.row, event.sampled.image) if event.HasField("sampled") else None


def take_latent(event: JobEvent) -> tuple[int, NDArray[np.float32]] | None:
    """Of `encode`: float32[channels, height, width]."""
    if not event.HasField("encoded"):
        return None
    latent = event.encoded.latent
    shape = (latent.shape.channels, latent.shape.height, latent.shape.width)
    return event.encoded.row, np.frombuffer(latent.float32, "<f4").astype(np.float32).reshape(shape)


def take_likelihood(event: JobEvent) -> tuple[int, LikelihoodResult] | None:
    """Of `log_likelihood`."""
    return (event.likelihood.row, event.likelihood) if event.HasField("likelihood") else None


def take_event(event: JobEvent) -> tuple[int, JobEvent] | None:
    """Of `watch`: a job of any kind, whose results are among its events."""
    rows = (event.sampled.row, event.encoded.row, event.likelihood.row)
    kind = event.WhichOneof("event")
    return (max(rows), event) if kind in ("sampled", "encoded", "likelihood") else None
