"""The score network: a U-Net F(x, c_noise), after DDPM++ (Song et al. 2021).

The network knows nothing of the diffusion process: EDM's preconditioning, which
turns F into a denoiser, is in edm.py. Only simple operators are used, so that
the exported graph can be differentiated: convolution, group norm, SiLU, softmax
attention, nearest-neighbour upsampling, linear layers.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as fn

GROUPS = 8


class NoiseEmbedding(nn.Module):
    """Embed c_noise [B] as sines and cosines at geometric frequencies, then an MLP: [B, width]."""

    def __init__(self, width: int, features: int = 32):
        super().__init__()
        # c_noise = ln(sigma)/4 spans about [-1.8, 1.3] for VP: a quarter of a period to 16.
        frequency = 2 * math.pi * torch.logspace(-1.1, 0.8, features // 2)
        self.register_buffer("frequency", frequency, persistent=False)
        self.mlp = nn.Sequential(
            nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )

    def forward(self, c_noise: torch.Tensor) -> torch.Tensor:
        phase = c_noise[:, None] * self.frequency
        return self.mlp(torch.cat([phase.sin(), phase.cos()], dim=1))


class ResidualBlock(nn.Module):
    """BigGAN-style residual block: (skip(x) + h)/sqrt(2), scaled and shifted by the embedding."""

    def __init__(self, c_in: int, c_out: int, width: int, dropout: float = 0.0):
        super().__init__()
        self.channels, self.dropout = c_out, dropout
        self.norm1 = nn.GroupNorm(GROUPS, c_in)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.affine = nn.Linear(width, 2 * c_out)
        self.norm2 = nn.GroupNorm(GROUPS, c_out)
        self.conv2 = zeroed(nn.Conv2d(c_out, c_out, 3, padding=1))
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def forward(self, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        h = self.conv1(fn.silu(self.norm1(x)))
        scale, shift = self.affine(embedding)[:, :, None, None].split(self.channels, dim=1)
        h = fn.silu(self.norm2(h) * (1 + scale) + shift)
        h = self.conv2(fn.dropout(h, self.dropout, self.training))
        return (self.skip(x) + h) * math.sqrt(0.5)


class SelfAttention(nn.Module):
    """Single-head self-attention over the pixels of x [B, C, H, W]; (x + h)/sqrt(2)."""

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        c, height, width = self.channels, int(x.shape[2]), int(x.shape[3])
        qkv = self.qkv(self.norm(x)).reshape(-1, 3 * c, height * width)
        q, k, v = qkv.split(c, dim=1)  # each [B, C, HW]
        weight = (q.transpose(1, 2) @ k * c**-0.5).softmax(dim=-1)
        h = (v @ weight.transpose(1, 2)).reshape(-1, c, height, width)
        return (x + self.out(h)) * math.sqrt(0.5)


class BlockWithAttention(nn.Module):
    """A residual block, then self-attention."""

    def __init__(self, block: ResidualBlock, attention: SelfAttention):
        super().__init__()
        self.block, self.attention = block, attention

    def forward(self, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        return self.attention(self.block(x, embedding))


@dataclass(frozen=True)
class Size:
    """A U-Net's size.

    channels: the width of each level; each level halves the resolution.
    blocks: residual blocks a level on the way down, one more on the way up.
    attention: heights at which every block is followed by self-attention, which the
    middle of the network has in any case.
    """

    channels: tuple[int, ...]
    blocks: int = 1
    attention: tuple[int, ...] = ()
    dropout: float = 0.0


SIZES = {
    # color-digits' own: 1.1 M parameters at 32x32
    "demo": Size((32, 64, 64)),
    # as large as 16 MiB of float16 weights allow: 6.9 M
    "small": Size((64, 128, 128), 2, (16,), 0.1),
    # after DDPM++ (Song et al. 2021, appendix H): 63 M
    "ddpm++": Size((128, 256, 256, 256), 4, (16,), 0.1),
    # after DDPM++ deep: 113 M
    "ddpm++-deep": Size((128, 256, 256, 256), 8, (16,), 0.1),
}


class UNet(nn.Module):
    """F(x, c_noise): x [B, C, H, W] already times c_in, c_noise [B] -> [B, C, H, W].

    shape: (C, H, W) with H, W divisible by 2^(levels - 1).
    """

    def __init__(self, size: Size = SIZES["demo"], shape: tuple[int, int, int] = (3, 32, 32)):
        super().__init__()
        colors, height, _ = shape
        channels, width = size.channels, 4 * size.channels[0]

        def block(c_in: int, c_out: int, height: int) -> nn.Module:
            residual = ResidualBlock(c_in, c_out, width, size.dropout)
            attends = height in size.attention
            return BlockWithAttention(residual, SelfAttention(c_out)) if attends else residual

        self.embedding = NoiseEmbedding(width, channels[0])
        self.conv_in = nn.Conv2d(colors, channels[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        c, skips = channels[0], [channels[0]]
        for level, c_level in enumerate(channels):
            if level:
                self.down.append(nn.Conv2d(c, c, 3, stride=2, padding=1))
                skips.append(c)
            for _ in range(size.blocks):
                self.down.append(block(c, c_level, height >> level))
                skips.append(c := c_level)
        before, after = (ResidualBlock(c, c, width, size.dropout) for _ in range(2))
        self.middle = nn.ModuleList([before, SelfAttention(c), after])
        for level, c_level in reversed(list(enumerate(channels))):
            for _ in range(size.blocks + 1):
                self.up.append(block(c + skips.pop(), c_level, height >> level))
                c = c_level
            if level:
                self.up.append(nn.Conv2d(c, c, 3, padding=1))
        self.norm_out = nn.GroupNorm(GROUPS, c)
        self.conv_out = zeroed(nn.Conv2d(c, colors, 3, padding=1))

    def forward(self, x: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        embedding = self.embedding(c_noise)
        x = self.conv_in(x)
        skips = [x]
        for layer in self.down:
            x = layer(x) if isinstance(layer, nn.Conv2d) else layer(x, embedding)
            skips.append(x)
        before, attention, after = self.middle
        x = after(attention(before(x, embedding)), embedding)
        for layer in self.up:
            if isinstance(layer, nn.Conv2d):
                x = layer(fn.interpolate(x, scale_factor=2.0, mode="nearest"))
            else:
                x = layer(torch.cat([x, skips.pop()], dim=1), embedding)
        return self.conv_out(fn.silu(self.norm_out(x)))


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Start a layer at zero, so that each residual block begins as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
