"""Colour digits: MNIST recoloured at random, made on the fly.

Each 28x28 digit is padded to 32x32 and read as a coverage mask m in [0, 1];
the picture is x = bg (1 - m) + fg m with a dark background and a bright
foreground of independent random hues, rounded to 8 bits and scaled to [-1, 1].
"""

import gzip
from pathlib import Path

import numpy as np
import torch

SIZE = 32
CHANNELS = 3
CLASSES = 10
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# (low, high) of saturation and value; hues are uniform on the circle.
DARK = {"saturation": (0.4, 1.0), "value": (0.08, 0.35)}
BRIGHT = {"saturation": (0.4, 1.0), "value": (0.8, 1.0)}


def read_idx(path: Path) -> torch.Tensor:
    """Read an MNIST idx file of bytes, gzipped or not. Returns uint8, its own shape."""
    packed = path.with_name(path.name + ".gz")
    raw = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    rank = raw[3]
    shape = np.frombuffer(raw, ">i4", count=rank, offset=4)
    pixels = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)
    return torch.from_numpy(pixels.copy())


def hsv_to_rgb(hsv: torch.Tensor) -> torch.Tensor:
    """Convert colours from HSV to RGB, both [N, 3] in [0, 1]."""
    hue, saturation, value = hsv.unbind(1)
    shift = torch.tensor([5.0, 3.0, 1.0], device=hsv.device)
    k = (shift + 6 * hue[:, None]) % 6
    ramp = torch.minimum(k, 4 - k).clamp(0, 1)
    return value[:, None] * (1 - saturation[:, None] * ramp)


class ColorDigits:
    """An endless, seeded stream of colour digits from one split of MNIST.

    data: the folder with the four MNIST idx files; split: "train" or "test".
    Raises FileNotFoundError if a file is missing.
    """

    def __init__(self, data: str, split: str, seed: int, device: str = "cpu"):
        images, labels = (read_idx(Path(data) / name) for name in FILES[split])
        margin = (SIZE - images.shape[-1]) // 2
        padded = torch.nn.functional.pad(images, (margin,) * 4)
        self.masks = padded[:, None].to(device)  # uint8 [N, 1, 32, 32]
        self.labels = labels.long().to(device)
        self.shape = (CHANNELS, SIZE, SIZE)
        self.classes = [str(digit) for digit in range(CLASSES)]
        self.generator = torch.Generator(device).manual_seed(seed)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw `size` digits with replacement. Returns x [size, 3, 32, 32], labels [size]."""
        device = self.masks.device
        pick = torch.randint(len(self), (size,), generator=self.generator, device=device)
        return self.at(pick), self.labels[pick]

    def at(self, pick: torch.Tensor) -> torch.Tensor:
        """Paint the digits at the indices `pick` [n] in fresh colours: float32 in [-1, 1]."""
        m = self.masks[pick].float() / 255
        background, foreground = self.colors(len(pick), DARK), self.colors(len(pick), BRIGHT)
        x = background * (1 - m) + foreground * m
        return (255 * x).round() / 127.5 - 1

    def colors(self, count: int, palette: dict[str, tuple[float, float]]) -> torch.Tensor:
        """Draw RGB colours [count, 3, 1, 1] in [0, 1] from a palette of DARK's form."""
        u = torch.rand(count, 3, generator=self.generator, device=self.masks.device)
        ranges = torch.tensor([(0.0, 1.0), palette["saturation"], palette["value"]])
        low, high = ranges.to(u.device).unbind(1)
        return hsv_to_rgb(low + (high - low) * u)[:, :, None, None]
