"""The score network: a small U-Net F(x, c_noise), after DDPM++ (Song et al. 2021).

The network knows nothing of the diffusion process: EDM's preconditioning, which
turns F into a denoiser, is in edm.py. Only simple operators are used, so that
the exported graph can be differentiated: convolution, group norm, SiLU, softmax
attention, nearest-neighbour upsampling, linear layers.
"""

import math

import torch
from torch import nn
from torch.nn import functional as fn

GROUPS = 8


class NoiseEmbedding(nn.Module):
    """Embed c_noise [B] as sines and cosines at geometric frequencies, then an MLP: [B, width]."""

    def __init__(self, width: int, features: int = 32):
        super().__init__()
        # c_noise = ln(sigma)/4 spans about [-1.8, 1.3]: from a quarter of a period to 16 periods.
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

    def __init__(self, c_in: int, c_out: int, width: int):
        super().__init__()
        self.channels = c_out
        self.norm1 = nn.GroupNorm(GROUPS, c_in)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.affine = nn.Linear(width, 2 * c_out)
        self.norm2 = nn.GroupNorm(GROUPS, c_out)
        self.conv2 = zeroed(nn.Conv2d(c_out, c_out, 3, padding=1))
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def forward(self, x: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        h = self.conv1(fn.silu(self.norm1(x)))
        scale, shift = self.affine(embedding)[:, :, None, None].split(self.channels, dim=1)
        h = self.conv2(fn.silu(self.norm2(h) * (1 + scale) + shift))
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


class UNet(nn.Module):
    """F(x, c_noise): x [B, 3, 32, 32] already times c_in, c_noise [B] -> [B, 3, 32, 32].

    channels: the width of each level; each level halves the resolution, and the
    last one, where attention is, has 8x8 pixels for three levels.
    """

    def __init__(self, channels: tuple[int, ...] = (32, 64, 64), width: int = 128, colors: int = 3):
        super().__init__()
        self.embedding = NoiseEmbedding(width)
        self.conv_in = nn.Conv2d(colors, channels[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        c, skips = channels[0], [channels[0]]
        for level, c_level in enumerate(channels):
            if level:
                self.down.append(nn.Conv2d(c, c, 3, stride=2, padding=1))
                skips.append(c)
            self.down.append(ResidualBlock(c, c_level, width))
            skips.append(c := c_level)
        self.middle = nn.ModuleList(
            [ResidualBlock(c, c, width), SelfAttention(c), ResidualBlock(c, c, width)]
        )
        for level, c_level in reversed(list(enumerate(channels))):
            for _ in range(2):
                self.up.append(ResidualBlock(c + skips.pop(), c_level, width))
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
            x = layer(x, embedding) if isinstance(layer, ResidualBlock) else layer(x)
            skips.append(x)
        before, attention, after = self.middle
        x = after(attention(before(x, embedding)), embedding)
        for layer in self.up:
            if isinstance(layer, ResidualBlock):
                x = layer(torch.cat([x, skips.pop()], dim=1), embedding)
            else:
                x = layer(fn.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.conv_out(fn.silu(self.norm_out(x)))


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Start a layer at zero, so that each residual block begins as the identity."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
