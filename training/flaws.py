"""Flaws that samples have and training digits don't: what the reader is trained to overlook.

Each takes pictures x [B, 3, 32, 32] in [-1, 1] and a generator, and returns as many. Those
with a size draw one for each picture, up to the largest; WORST has each at its largest.
"""

import math

import torch
from torch.nn import functional as fn

SHIFT = 2.0  # pixels, each way
TURN = math.radians(8)
ZOOM = 0.1
BLUR = 0.8  # standard deviation, pixels
NOISE = 0.05  # standard deviation, of values in [-1, 1]


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)


def moved(x: torch.Tensor, generator: torch.Generator, least: float = 0.0) -> torch.Tensor:
    """Shift, turn and zoom, each by a share in [least, 1] of the largest, of random sign."""
    b, size = len(x), x.shape[-1]

    def draw(largest: float) -> torch.Tensor:
        sign = torch.randint(2, (b,), generator=generator) * 2 - 1
        return largest * sign * uniform(b, least, 1, generator)

    dx, dy, turn, zoom = (draw(v) for v in (2 * SHIFT / size, 2 * SHIFT / size, TURN, ZOOM))
    cos, sin = turn.cos() * (1 + zoom), turn.sin() * (1 + zoom)
    matrix = torch.stack([cos, -sin, dx, sin, cos, dy], dim=1).view(b, 2, 3)
    grid = fn.affine_grid(matrix, list(x.shape), align_corners=False)
    return fn.grid_sample(x, grid, padding_mode="border", align_corners=False)


def blurred(x: torch.Tensor, generator: torch.Generator, least: float = 0.0) -> torch.Tensor:
    """Gaussian blur over 5x5 pixels, its standard deviation a share in [least, 1] of BLUR."""
    b, c = x.shape[:2]
    std = BLUR * uniform(b, least, 1, generator).clamp(min=0.05)
    ramp = torch.arange(-2, 3)
    weight = (-0.5 * (ramp / std[:, None]) ** 2).exp()
    weight = (weight / weight.sum(dim=1, keepdim=True)).repeat_interleave(c, dim=0)
    rows = fn.pad(x.reshape(1, b * c, *x.shape[2:]), (2, 2, 2, 2), mode="replicate")
    rows = fn.conv2d(rows, weight[:, None, :, None], groups=b * c)
    return fn.conv2d(rows, weight[:, None, None, :], groups=b * c).view_as(x)


def noised(x: torch.Tensor, generator: torch.Generator, least: float = 0.0) -> torch.Tensor:
    """Normal noise, its standard deviation a share in [least, 1] of NOISE."""
    std = NOISE * uniform(len(x), least, 1, generator)
    return x + std.view(-1, 1, 1, 1) * torch.randn(x.shape, generator=generator)


def any_of_all(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """All of them, each on a random half of the pictures."""
    for flaw in (moved, blurred, noised):
        chosen = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
        x = torch.where(chosen, flaw(x, generator), x)
    return x


WORST = {
    "moved": lambda x, generator: moved(x, generator, 1.0),
    "blurred": lambda x, generator: blurred(x, generator, 1.0),
    "noised": lambda x, generator: noised(x, generator, 1.0),
}
