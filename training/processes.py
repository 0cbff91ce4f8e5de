"""The forward processes of Song et al. (2021), sections 3.1 and 3.4, as noise levels.

x_t = mean(t) x0 + std(t) n. Up to the scale mean(t) that is x0 + sigma(t) n with
sigma = std / mean: all that a network of edm.py needs to know. t is in [EPS, 1].
The constants are the paper's (appendix C), VE's for pictures in [-1, 1]: twice
those for pictures in [0, 1].
"""

from dataclasses import asdict, dataclass
from typing import Protocol

import torch

EPS = 1e-5  # the smallest time of training and of likelihoods
SAMPLING_EPS = {"ve": 1e-5, "vp": 1e-3, "subvp": 1e-3}


class Process(Protocol):
    """A forward process. kind: its name in a manifest, where the fields are its constants."""

    kind: str

    def sigma(self, t: torch.Tensor) -> torch.Tensor:
        """The noise level at the times t, of their shape."""


@dataclass(frozen=True)
class VE:
    """Variance exploding, equation 9: mean 1, std sigma_min (sigma_max / sigma_min)^t."""

    sigmaMin: float = 0.02
    sigmaMax: float = 100.0
    kind = "ve"

    def sigma(self, t: torch.Tensor) -> torch.Tensor:
        return self.sigmaMin * (self.sigmaMax / self.sigmaMin) ** t


@dataclass(frozen=True)
class VP:
    """Variance preserving, equation 11: with B the integral of beta, mean e^(-B/2), std
    (1 - e^-B)^(1/2)."""

    betaMin: float = 0.1
    betaMax: float = 20.0
    kind = "vp"

    def integral(self, t: torch.Tensor) -> torch.Tensor:
        """B(t) of beta(t) = betaMin + t (betaMax - betaMin)."""
        return self.betaMin * t + (self.betaMax - self.betaMin) * t**2 / 2

    def sigma(self, t: torch.Tensor) -> torch.Tensor:
        return torch.expm1(self.integral(t)).sqrt()


@dataclass(frozen=True)
class SubVP(VP):
    """Sub-VP, equation 12: VP's mean, std 1 - e^-B."""

    kind = "subvp"

    def sigma(self, t: torch.Tensor) -> torch.Tensor:
        return 2 * torch.sinh(self.integral(t) / 2)


PROCESSES = {process.kind: process for process in (VE, VP, SubVP)}


def sigma_range(process: Process) -> tuple[float, float]:
    """The smallest and the largest noise level of a process, at EPS and at 1."""
    low, high = process.sigma(torch.tensor([EPS, 1.0], dtype=torch.float64)).tolist()
    return low, high


def entry(process: Process) -> dict:
    """`forwardProcess` of a manifest."""
    return {"kind": process.kind, **asdict(process)}
