"""Points on the arc between two latents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this sine of the angle the arc and the straight line are the same in float32, and the arc's
# weights 0 / 0.
_LEAST_SINE: Final = 1e-6


def on_arc(a: NDArray[np.float32], b: NDArray[np.float32], fraction: float) -> NDArray[np.float32]:
    """A point on the arc between two vectors.

    With u and v their directions and w the angle between these,

        ((1 - f) |a| + f |b|) (sin((1 - f) w) u + sin(f w) v) / sin w.

    Latents of pictures lie near a sphere, which the straight line between two of them leaves: its
    middle is shorter by sqrt(2) where they are orthogonal, and the model has seen no such latents.

    Source: Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.

    Args:
        a: float32 of any shape, taken as one vector.
        b: Of the same shape.
        fraction: In [0, 1]: 0 gives a, 1 gives b, but for rounding.

    Returns:
        A new array of the shape of `a`.

    Raises:
        ValueError: The shapes differ, the fraction is out of range, or no one arc joins the
            vectors: they are opposite, or one is zero.
    """
    if a.shape != b.shape:
        raise ValueError(f"no arc joins arrays of shapes {a.shape} and {b.shape}")
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction: seen {fraction}, expected 0 to 1")
    # Sums in float64: a latent has thousands of elements.
    long_a, long_b = a.astype(np.float64), b.astype(np.float64)
    norm_a, norm_b = float(np.linalg.norm(long_a)), float(np.linalg.norm(long_b))
    if norm_a == 0 or norm_b == 0:
        raise ValueError("no one arc joins two vectors of which one is zero")
    cosine = float(np.clip(np.vdot(long_a, long_b) / (norm_a * norm_b), -1, 1))
    weight_u, weight_v = _arc_weights(cosine, fraction)
    norm = (1 - fraction) * norm_a + fraction * norm_b
    point = (norm * weight_u / norm_a) * long_a + (norm * weight_v / norm_b) * long_b
    return point.astype(np.float32)


def _arc_weights(cosine: float, fraction: float) -> tuple[float, float]:
    """What a direction on the arc has of each end's direction."""
    angle = np.arccos(cosine)
    sine = float(np.sin(angle))
    if sine >= _LEAST_SINE:
        return (
            float(np.sin((1 - fraction) * angle)) / sine,
            float(np.sin(fraction * angle)) / sine,
        )
    if cosine > 0:
        return 1 - fraction, fraction
    raise ValueError("no one arc joins two vectors that are opposite")
