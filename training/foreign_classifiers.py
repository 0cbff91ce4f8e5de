"""Small transformers and classifiers as other people write them, for foreign_graphs.py."""

import torch
from torch import nn
from torch.nn import functional as fn

PATCH = 8  # pixels


class Block(nn.Module):
    """A transformer's: LayerNorm, attention, LayerNorm, GELU between linear layers."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        mixed = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(dim=-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(b, n, c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """Logits by a vision transformer with a class token; its second block is PyTorch's own."""

    def __init__(self, width: int = 32, heads: int = 2):
        super().__init__()
        self.patches = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, 1 + (32 // PATCH) ** 2, width))
        self.ours = Block(width, heads)
        self.theirs = nn.TransformerEncoderLayer(
            width, heads, 2 * width, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        return self.head(self.theirs(self.ours(x))[:, 0])


class Dit(nn.Module):
    """noise(x, t) by a transformer whose norms the time scales and shifts, patches put back."""

    def __init__(self, width: int = 32, heads: int = 2):
        super().__init__()
        self.patches = nn.Conv2d(3, width, PATCH, stride=PATCH)
        self.position = nn.Parameter(torch.randn((32 // PATCH) ** 2, width))
        self.register_buffer("frequency", 8 * torch.randn(8))
        self.time = nn.Sequential(nn.Linear(16, width), nn.SiLU(), nn.Linear(width, 3 * width))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width)
        )
        self.block, self.out = Block(width, heads), nn.Linear(width, 3 * PATCH**2)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        b, _, height, width = x.shape
        phase = t.unsqueeze(1) * self.frequency
        embedding = self.time(torch.cat((phase.sin(), phase.cos()), dim=-1))
        shift, scale, gate = embedding.unsqueeze(1).chunk(3, dim=-1)
        h = self.patches(x).flatten(2).transpose(1, 2) + self.position
        h = h + gate * self.mlp(self.norm(h) * (1 + scale) + shift)
        h = self.out(self.block(h)).view(b, height // PATCH, width // PATCH, PATCH, PATCH, 3)
        return h.permute(0, 5, 1, 3, 2, 4).reshape(b, 3, height, width)


class ConvBlock(nn.Module):
    """Convolution, batch norm and ReLU twice, with a shortcut of average pooling."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride=2, padding=1, bias=False)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, groups=2, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False), nn.Conv2d(c_in, c_out, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm2(self.conv2(fn.relu(self.norm1(self.conv1(x)))))
        return fn.hardswish(h + self.shortcut(x))


class ConvNet(nn.Module):
    """Logits by a residual network, whose batch norms can't all be folded into convolutions."""

    def __init__(self, channels: int = 16):
        super().__init__()
        self.stem = nn.Sequential(
            nn.BatchNorm2d(3),
            nn.Conv2d(3, channels, 5, padding=2),
            nn.PReLU(channels),
            nn.BatchNorm2d(channels),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.blocks = nn.Sequential(ConvBlock(channels, 24), ConvBlock(24, 32))
        self.average = nn.AvgPool2d(3, stride=1, padding=1)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 10)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.average(self.blocks(self.stem(x))))
