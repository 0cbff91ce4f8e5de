"""Exact rewrites of a network before its export, for a small graph that runs fast."""

import torch
from torch import nn
from torch.nn import functional as fn

from unet import ResidualBlock


class StaticGroupNorm(nn.Module):
    """nn.GroupNorm as reshape, instance norm, reshape, then weight and bias if it has any.

    The shapes are constants but for the batch, so that the graph has no shape arithmetic.
    """

    def __init__(self, norm: nn.GroupNorm):
        super().__init__()
        self.groups, self.eps, self.affine = norm.num_groups, norm.eps, norm.affine
        self.register_buffer("ones", torch.ones(self.groups))
        self.register_buffer("zeros", torch.zeros(self.groups))
        if self.affine:
            self.register_buffer("weight", norm.weight.detach()[:, None, None].clone())
            self.register_buffer("bias", norm.bias.detach()[:, None, None].clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        c, h, w = (int(n) for n in x.shape[1:])
        x = x.reshape(-1, self.groups, c // self.groups * h * w)
        x = fn.instance_norm(x, weight=self.ones, bias=self.zeros, eps=self.eps)
        x = x.reshape(-1, c, h, w)
        return x * self.weight + self.bias if self.affine else x


@torch.no_grad()
def fold_affine(block: ResidualBlock) -> None:
    """Move norm2's weight w and bias b into the linear layer that scales and shifts after it.

    (n w + b)(1 + s) + t = n (1 + s') + t' with s' = w (1 + s) - 1 and t' = b (1 + s) + t,
    and s, t are linear in the embedding, so s', t' are too.
    """
    norm, linear = block.norm2, block.affine
    w, b = norm.weight.clone(), norm.bias.clone()
    (matrix_s, matrix_t), (bias_s, bias_t) = linear.weight.chunk(2), linear.bias.chunk(2)
    matrix = torch.cat([w[:, None] * matrix_s, b[:, None] * matrix_s + matrix_t])
    bias = torch.cat([w * (1 + bias_s) - 1, b * (1 + bias_s) + bias_t])
    linear.weight.copy_(matrix)
    linear.bias.copy_(bias)
    block.norm2 = nn.GroupNorm(norm.num_groups, norm.num_channels, norm.eps, affine=False)


def fold_affines(network: nn.Module) -> nn.Module:
    """`fold_affine` every residual block that is not yet, in place. Returns the network."""
    for module in network.modules():
        if isinstance(module, ResidualBlock) and module.norm2.affine:
            fold_affine(module)
    return network


def export_form(network: nn.Module) -> nn.Module:
    """Apply both rewrites to every layer of `network`, in place. Returns the network."""
    for module in list(fold_affines(network).modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.GroupNorm):
                setattr(module, name, StaticGroupNorm(child))
    return network
