"""Gradients of a batch by several CPU threads, each with a share of the rows.

Within a share every operator runs on one thread. So the threads wait for each other
once a step, not in every operator, where one core that is busy with something else
would hold up the rest: with other work on the machine this was about five times faster
than operators that are parallel inside, and on an idle machine it is as fast.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

Loss = Callable[..., torch.Tensor]


class Shares:
    """Splits batches over `threads` threads; on a GPU there is one share."""

    def __init__(self, threads: int, device: str, precision: str = "bf16"):
        torch.set_num_threads(1)
        self.count = threads if device == "cpu" else 1
        self.pool = ThreadPoolExecutor(self.count)
        self.device, self.bf16 = device, precision == "bf16"

    def backward(self, network: torch.nn.Module, loss: Loss, *rows: torch.Tensor) -> torch.Tensor:
        """Set the gradients of the mean of loss(network, *rows), and return that mean.

        loss returns one value a row; rows are tensors [B, ...], B a multiple of the shares.
        """
        parameters = list(network.parameters())

        def share(part: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
            with torch.autocast(
                self.device, torch.bfloat16, enabled=self.bf16, cache_enabled=False
            ):
                mean = loss(network, *part).mean()
            return [mean.detach(), *torch.autograd.grad(mean, parameters)]

        parts = zip(*(values.chunk(self.count) for values in rows), strict=True)
        mean, *gradients = (
            sum(values) / self.count for values in zip(*self.pool.map(share, parts), strict=True)
        )
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return mean
