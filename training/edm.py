"""EDM's preconditioning and sampler (Karras et al. 2022, table 1 and algorithm 1).

Noise levels sigma are those of x = x0 + sigma n. The processes of Song et al. (2021)
at time t are the same thing up to scale: x_t / mean(t) has the noise level
sigma(t) = std(t) / mean(t) (processes.py).
"""

from collections.abc import Callable

import torch

SIGMA_DATA = 0.5  # the standard deviation of pictures in [-1, 1]

Network = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def column(sigma: torch.Tensor) -> torch.Tensor:
    """Shape one value per row [B] as [B, 1, 1, 1]."""
    return sigma.view(-1, 1, 1, 1)


def c_in(sigma: torch.Tensor) -> torch.Tensor:
    """Scale of the network's input, 1/sqrt(sigma^2 + sigma_data^2): [B, 1, 1, 1]."""
    return (column(sigma) ** 2 + SIGMA_DATA**2).rsqrt()


def c_noise(sigma: torch.Tensor) -> torch.Tensor:
    """The network's noise label, ln(sigma)/4: [B]."""
    return sigma.log() / 4


def c_skip(sigma: torch.Tensor) -> torch.Tensor:
    """Share of x in the denoised picture: [B, 1, 1, 1]."""
    return SIGMA_DATA**2 * c_in(sigma) ** 2


def c_out(sigma: torch.Tensor) -> torch.Tensor:
    """Scale of the network's output: [B, 1, 1, 1]."""
    return column(sigma) * SIGMA_DATA * c_in(sigma)


def denoise(network: Network, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise): the estimate of E[x0 | x]."""
    return c_skip(sigma) * x + c_out(sigma) * network(c_in(sigma) * x, c_noise(sigma)).float()


def row_losses(
    network: Network,
    x0: torch.Tensor,
    noise: torch.Tensor,
    sigma: torch.Tensor,
    weight: torch.Tensor,
) -> torch.Tensor:
    """weight |F - target|^2 a pixel, one value a row [B]; sigma, weight: [B] (objectives.py).

    |D - x0|^2 / c_out^2 is the error of F against (x0 - c_skip x) / c_out, whose variance
    is about one at every noise level; written without the difference of two near numbers.
    """
    x = x0 + column(sigma) * noise
    target = c_in(sigma) * (column(sigma) / SIGMA_DATA * x0 - SIGMA_DATA * noise)
    output = network(c_in(sigma) * x, c_noise(sigma)).float()
    return weight * (output - target).square().mean(dim=(1, 2, 3))


@torch.no_grad()
def sample_heun(
    network: Network,
    noise: torch.Tensor,
    steps: int = 18,
    sigma_min: float = 0.002,
    sigma_max: float = 80.0,
    rho: float = 7.0,
) -> torch.Tensor:
    """Heun's method on the probability flow, EDM's time grid: 2 steps - 1 evaluations.

    noise: unit normal [B, C, H, W]. Returns samples of the same shape, about [-1, 1].
    """
    ramp = torch.linspace(0, 1, steps, device=noise.device)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    grid = [*((high + ramp * (low - high)) ** rho).tolist(), 0.0]

    def slope(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return (x - denoise(network, x, torch.full_like(x[:, 0, 0, 0], sigma))) / sigma

    x = noise * grid[0]
    for sigma, sigma_next in zip(grid[:-1], grid[1:], strict=True):
        d = slope(x, sigma)
        x_next = x + (sigma_next - sigma) * d
        if sigma_next > 0:
            x_next = x + (sigma_next - sigma) * (d + slope(x_next, sigma_next)) / 2
        x = x_next
    return x
