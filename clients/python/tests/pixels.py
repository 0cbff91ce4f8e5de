"""Pictures of the size of gaussian-mixture-vp, 4 x 4 RGB, and how far apart two are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorestream import PredictorCorrector, ProbabilityFlow, Sampler

SIZE = 4
CORRECTED = Sampler(
    predictor_corrector=PredictorCorrector(
        predictor="reverse-diffusion", corrector="langevin", steps=50
    )
)
# Long enough for a call to reach a job on its way, and not too long to wait for.
SLOW = Sampler(predictor_corrector=PredictorCorrector(steps=3000))
LONG = Sampler(predictor_corrector=PredictorCorrector(steps=10_000))
LOOSE = ProbabilityFlow(relative_tolerance=1e-3, absolute_tolerance=1e-3)


def levels(*shape: int) -> NDArray[np.uint8]:
    """Levels that differ between neighbours: 16, 60, 104, ..."""
    return (16 + (44 * np.arange(np.prod(shape))) % 224).astype(np.uint8).reshape(shape)


def most_apart(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The largest difference; the shapes must be the same."""
    assert a.shape == b.shape
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
