"""What denoising score matching is weighted by: which noise levels, and how much each.

Song et al. (2021), equation 7: the expectation over t, x0 and n of
lambda(t) |s(x_t, t) - grad log p(x_t | x0)|^2. With D the denoised picture that
goes with s, the norm is mean |D - x0| / std^2. So with lambda = std^2 a row's loss is
|D - x0|^2 / sigma^2, in terms of EDM's F

    sigma_data^2 / (sigma^2 + sigma_data^2)  |F - target|^2.

Likelihood weighting (Song et al. 2021, Maximum likelihood training, theorem 1) is
lambda = g^2. As d sigma^2 / dt = g^2 / mean^2 for each of the processes,
g^2 / std^2 = d ln(sigma^2) / dt: importance sampling of t by g^2 / std^2 (their
section 4.3) draws ln sigma uniformly, whatever the process is, and leaves the weight
that lambda = std^2 has. That only the ends of ln sigma matter is also theorem 1 of
Kingma et al. (2021), Variational diffusion models.
"""

import math
from collections.abc import Callable

import torch

from edm import SIGMA_DATA
from processes import EPS, Process, sigma_range

# The share of rows that `edm` draws uniformly in ln sigma: a VP sampler starts at sigma 152,
# which EDM's normal would train once in 30,000 rows.
TAIL = 0.15
LN_SIGMA = (-0.6, 1.4)  # mean and standard deviation of EDM's normal, for 32x32 pictures

Draw = tuple[torch.Tensor, torch.Tensor]
Objective = Callable[[Process, int], Draw]


def stratified(size: int) -> torch.Tensor:
    """`size` uniform numbers of [0, 1), one in each `size`-th, in order: less variance than
    independent ones (Kingma et al. 2021, appendix I.1)."""
    return (torch.rand(1) + torch.arange(size) / size) % 1


def uniform_ln_sigma(process: Process, size: int) -> torch.Tensor:
    """Noise levels [size], uniform in ln sigma over the process's range."""
    low, high = map(math.log, sigma_range(process))
    return (low + (high - low) * stratified(size)).exp()


def score_weight(sigma: torch.Tensor) -> torch.Tensor:
    """The weight of |F - target|^2 that lambda = std^2 comes to, of sigma's shape."""
    return SIGMA_DATA**2 / (sigma**2 + SIGMA_DATA**2)


def score_matching(process: Process, size: int) -> Draw:
    """t uniform in [EPS, 1], lambda = std^2: the paper's own. Returns sigma and weight, [size]."""
    sigma = process.sigma(EPS + (1 - EPS) * stratified(size))
    return sigma, score_weight(sigma)


def likelihood(process: Process, size: int) -> Draw:
    """lambda = g^2 by importance sampling, up to a constant. Returns sigma and weight, [size]."""
    sigma = uniform_ln_sigma(process, size)
    return sigma, score_weight(sigma)


def edm(process: Process, size: int) -> Draw:
    """EDM's (Karras et al. 2022, table 1): ln sigma normal, the weight 1; but for TAIL of the
    rows ln sigma is uniform. Returns sigma and weight, [size]."""
    low, high = sigma_range(process)
    mean, std = LN_SIGMA
    normal = (mean + std * torch.randn(size)).exp().clamp(low, high)
    sigma = torch.where(torch.rand(size) < TAIL, uniform_ln_sigma(process, size), normal)
    return sigma, torch.ones(size)


OBJECTIVES: dict[str, Objective] = {
    "score-matching": score_matching,
    "likelihood": likelihood,
    "edm": edm,
}
