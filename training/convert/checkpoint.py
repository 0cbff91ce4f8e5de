"""What converters share: a network, what its inputs and output stand for, its own score."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class ClassInput:
    """A network's input for the picture's class.

    names:    of the classes, by index
    encoding: "index", int64 [B], or "one-hot", float32 [B, K]
    null:     what stands for no class, where the network was trained so: an index, or -1, all zeros
    """

    names: Sequence[str]
    encoding: Literal["index", "one-hot"]
    null: int | None = None

    def tensor(self, indices: torch.Tensor) -> torch.Tensor:
        """What the network is given for class indices, or `null`, int64 [B]."""
        if self.encoding == "index":
            return indices
        count = len(self.names)
        return torch.cat([torch.eye(count), torch.zeros(1, count)])[indices]


@dataclass(frozen=True)
class Checkpoint:
    """A network of others, ready to be exported.

    network:  (x [B, C, H, W], label [B]) -> [B, C', H, W], float32, weights in place, eval mode;
              of one that takes a class, that too, as `classes` has it
    manifest: model.json (docs/models.md) but for what the file decides: name, and the score's file,
              sha256, parameters, batch, types
    times:    diffusion times to compare at, least noise first
    marginal: t -> (mean, std) of x_t = mean x0 + std n
    label:    t -> the network's time input, a tensor [] of the type that it is to be given
    score:    (x_t [B, C, H, W], t) -> the score, computed as the network's own project computes it;
              of one that takes a class, that too
    classes:  the input for it, where the network takes one
    """

    network: nn.Module
    manifest: dict
    times: Sequence[float]
    marginal: Callable[[float], tuple[float, float]]
    label: Callable[[float], torch.Tensor]
    score: Callable[..., torch.Tensor]
    classes: ClassInput | None = None

    def indices(self, batch: int) -> list[int]:
        """Classes to compare at, one a row, from the first on; the last of several rows is of
        none, where the network knows none. Empty without a class input."""
        if self.classes is None:
            return []
        chosen = [row % len(self.classes.names) for row in range(batch)]
        if batch > 1 and self.classes.null is not None:
            chosen[-1] = self.classes.null
        return chosen

    def class_tensors(self, batch: int) -> list[torch.Tensor]:
        """The network's inputs after x and time: none, or that for `indices`."""
        chosen = self.indices(batch)
        return [] if self.classes is None else [self.classes.tensor(torch.tensor(chosen))]

    def noised(self, batch: int, t: float) -> torch.Tensor:
        """Random x_t [batch, C, H, W]: uniform pixels in the data's range, noised to t."""
        low, high = self.manifest["dataRange"]
        mean, std = self.marginal(t)
        shape = [batch, *(self.manifest["shape"][axis] for axis in ("channels", "height", "width"))]
        return mean * (low + (high - low) * torch.rand(shape)) + std * torch.randn(shape)


class ConversionError(Exception):
    """What was asked for can't be converted: the text says what was seen and what was expected."""
