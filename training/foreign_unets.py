"""Small U-Nets in the manner of other people's score networks, for foreign_graphs.py.

Ours (unet.py) keeps to few operators on purpose. These use what is common elsewhere:
einsum, several heads, asymmetric padding, depthwise FIR filters, instance norm, dilated
and transposed convolutions, bilinear and pixel-shuffle upsampling, pooled refinement.
"""

import math

import torch
from torch import nn
from torch.nn import functional as fn


class ResnetBlock(nn.Module):
    """DDPM's: norm, SiLU, convolution, plus the time's embedding; dropout; 1x1 shortcut."""

    def __init__(self, c_in: int, c_out: int, width: int):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, c_in, eps=1e-6), nn.GroupNorm(4, c_out, eps=1e-6)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.temb, self.dropout = nn.Linear(width, c_out), nn.Dropout(0.1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else None

    def forward(self, x: torch.Tensor, temb: torch.Tensor) -> torch.Tensor:
        h = self.conv1(fn.silu(self.norm1(x)))
        h += self.temb(fn.silu(temb))[:, :, None, None]
        h = self.conv2(self.dropout(fn.silu(self.norm2(h))))
        return (h + (x if self.shortcut is None else self.shortcut(x))) / math.sqrt(2)


class PixelAttention(nn.Module):
    """Attention of several heads over pixels, written with einsum and shapes at run time."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(4, channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).view(b, 3, self.heads, c // self.heads, h, w).unbind(1)
        weight = torch.einsum("bnchw,bncij->bnhwij", q, k) * (c // self.heads) ** -0.5
        weight = weight.reshape(b, self.heads, h, w, h * w).softmax(dim=-1)
        weight = weight.reshape(b, self.heads, h, w, h, w)
        mixed = torch.einsum("bnhwij,bncij->bnchw", weight, v)
        return x + self.out(mixed.reshape(b, c, h, w))


class FirDown(nn.Module):
    """NCSN++'s downsampling: the filter (1, 3, 3, 1) in both directions, every second pixel."""

    def __init__(self, channels: int):
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        kernel = torch.outer(taps, taps) / taps.sum() ** 2
        self.register_buffer("kernel", kernel.repeat(channels, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return fn.conv2d(fn.pad(x, (1, 1, 1, 1)), self.kernel, stride=2, groups=x.shape[1])


class DdpmUNet(nn.Module):
    """noise(x, t), t [B] in steps of a thousand: sinusoidal embedding, attention at 8x8."""

    def __init__(self, channels: int = 16, width: int = 32):
        super().__init__()
        c, self.features = channels, channels
        self.dense = nn.Sequential(nn.Linear(c, width), nn.SiLU(), nn.Linear(width, width))
        self.conv_in = nn.Conv2d(3, c, 3, padding=1)
        self.down1, self.to16 = ResnetBlock(c, c, width), nn.Conv2d(c, c, 3, stride=2)
        self.down2, self.to8 = ResnetBlock(c, 2 * c, width), FirDown(2 * c)
        self.middle1, self.middle2 = (ResnetBlock(2 * c, 2 * c, width) for _ in range(2))
        self.attention = PixelAttention(2 * c, heads=2)
        self.up2, self.smooth2 = ResnetBlock(4 * c, c, width), nn.Conv2d(c, c, 3, padding=1)
        self.up1, self.smooth1 = ResnetBlock(2 * c, c, width), nn.Conv2d(2 * c, 2 * c, 3, padding=1)
        self.norm_out, self.conv_out = nn.GroupNorm(4, c), nn.Conv2d(c, 3, 3, padding=1)

    def embedding(self, t: torch.Tensor) -> torch.Tensor:
        half = self.features // 2
        frequency = torch.exp(torch.arange(half, device=t.device) * -(math.log(1e4) / (half - 1)))
        phase = t.float()[:, None] * frequency[None, :]
        return self.dense(torch.cat([phase.sin(), phase.cos()], dim=1))

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        temb = self.embedding(t)
        high = self.down1(self.conv_in(x), temb)
        low = self.down2(self.to16(fn.pad(high, (0, 1, 0, 1))), temb)
        h = self.middle1(self.to8(low), temb)
        h = self.middle2(self.attention(h), temb)
        h = fn.interpolate(h, scale_factor=2.0, mode="nearest")
        h = self.up2(torch.cat([self.smooth1(h), low], dim=1), temb)
        h = self.smooth2(fn.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.up1(torch.cat([h, high], dim=1), temb)
        return self.conv_out(fn.silu(self.norm_out(h)))


class InstanceNormPlus(nn.Module):
    """NCSNv2's instance norm, which keeps the channels' means: InstanceNorm++."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.alpha = nn.Parameter(torch.randn(channels))
        self.gamma = nn.Parameter(torch.randn(channels))
        self.beta = nn.Parameter(torch.randn(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        means = x.mean(dim=(2, 3))
        spread = torch.sqrt(means.var(dim=-1, keepdim=True) + 1e-5)
        means = (means - means.mean(dim=-1, keepdim=True)) / spread
        h = self.norm(x) + (means * self.alpha)[..., None, None]
        return self.gamma.view(1, -1, 1, 1) * h + self.beta.view(1, -1, 1, 1)


class RefineNet(nn.Module):
    """score(x, sigma) in the manner of NCSNv2: no embedding, the output over sigma [B]."""

    def __init__(self, channels: int = 12):
        super().__init__()
        c = channels
        self.conv_in = nn.Conv2d(3, c, 3, padding=1, padding_mode="reflect")
        self.norm1, self.norm2 = InstanceNormPlus(c), nn.InstanceNorm2d(2 * c, affine=True)
        self.to16, self.to8 = (
            nn.Conv2d(c, 2 * c, 4, stride=2, padding=1),
            nn.Conv2d(2 * c, 2 * c, 3, stride=2, padding=1),
        )
        self.dilated = nn.Conv2d(2 * c, 2 * c, 3, padding=2, dilation=2)
        self.pooled = nn.ModuleList(nn.Conv2d(2 * c, 2 * c, 3, padding=1) for _ in range(2))
        self.up16 = nn.ConvTranspose2d(2 * c, 2 * c, 4, stride=2, padding=1)
        self.up32 = nn.ConvTranspose2d(2 * c, c, 3, stride=2, padding=1, output_padding=1)
        self.side, self.shuffled = nn.Conv2d(2 * c, c, 1), nn.Conv2d(2 * c, 4 * c, 1)
        self.norm_out, self.conv_out = nn.InstanceNorm2d(c), nn.Conv2d(c, 3, 3, padding=1)

    def forward(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        high = self.conv_in(2 * x - 1.0)
        mid = self.to16(fn.elu(self.norm1(high)))
        h = self.dilated(fn.leaky_relu(self.to8(fn.elu(self.norm2(mid))), 0.2))
        path = fn.relu(h)
        for conv in self.pooled:  # chained residual pooling
            path = conv(fn.max_pool2d(path, 5, stride=1, padding=2))
            h = h + path
        mid = mid + self.up16(h) + fn.interpolate(h, size=mid.shape[2:], mode="nearest")
        low = fn.interpolate(self.side(h), scale_factor=4.0, mode="bilinear", align_corners=True)
        wide = fn.interpolate(self.side(mid), scale_factor=2.0, mode="bilinear")
        h = self.up32(mid) + wide + low + fn.pixel_shuffle(self.shuffled(mid), 2)
        return self.conv_out(fn.elu(self.norm_out(h + high))) / sigma.view(-1, 1, 1, 1)
