"""What converters share: a network, what its inputs and output stand for, its own score."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Checkpoint:
    """A network of others, ready to be exported.

    network:  (x [B, C, H, W], label [B]) -> [B, C', H, W], float32, weights in place, eval mode
    manifest: model.json (docs/models.md) but for what the file decides: name, and the score's file,
              sha256, parameters, batch, types
    times:    diffusion times to compare at, least noise first
    marginal: t -> (mean, std) of x_t = mean x0 + std n
    label:    t -> the network's time input, a tensor [] of the type that it is to be given
    score:    (x_t [B, C, H, W], t) -> the score, computed as the network's own project computes it
    """

    network: nn.Module
    manifest: dict
    times: Sequence[float]
    marginal: Callable[[float], tuple[float, float]]
    label: Callable[[float], torch.Tensor]
    score: Callable[[torch.Tensor, float], torch.Tensor]

    def noised(self, batch: int, t: float) -> torch.Tensor:
        """Random x_t [batch, C, H, W]: uniform pixels in the data's range, noised to t."""
        low, high = self.manifest["dataRange"]
        mean, std = self.marginal(t)
        shape = [batch, *(self.manifest["shape"][axis] for axis in ("channels", "height", "width"))]
        return mean * (low + (high - low) * torch.rand(shape)) + std * torch.randn(shape)


class ConversionError(Exception):
    """What was asked for can't be converted: the text says what was seen and what was expected."""
