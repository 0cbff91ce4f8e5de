"""Training data: endless, seeded streams of pictures with labels, held in memory as bytes."""

import lzma
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image

from digits import ColorDigits

HELD_OUT = 50  # of a folder of pictures, every 50th is kept for testing


class Pictures(Protocol):
    """One split of a data set. Pictures are float32 in [-1, 1], of 8-bit levels.

    shape: (channels, height, width). classes: their names, none if there are no labels.
    generator: what the batches depend on.
    """

    shape: tuple[int, int, int]
    classes: list[str]
    labels: torch.Tensor
    generator: torch.Generator

    def __len__(self) -> int: ...

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw `size` pictures with replacement: x [size, C, H, W], labels [size]."""

    def at(self, pick: torch.Tensor) -> torch.Tensor:
        """The pictures at the indices `pick` [n] as they are: [n, C, H, W]."""


class StoredPictures:
    """Pictures from bytes [N, C, H, W], turned left to right half of the time if `flips`."""

    def __init__(
        self,
        levels: torch.Tensor,
        labels: torch.Tensor,
        classes: list[str],
        seed: int,
        device: str,
        flips: bool,
    ):
        self.levels, self.labels = levels.to(device), labels.to(device)
        self.classes, self.flips = classes, flips
        self.shape = tuple(levels.shape[1:])
        self.generator = torch.Generator(device).manual_seed(seed)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        draws = {"generator": self.generator, "device": self.levels.device}
        pick = torch.randint(len(self), (size,), **draws)
        x = self.at(pick)
        if self.flips:
            turned = torch.rand(size, 1, 1, 1, **draws) < 0.5
            x = torch.where(turned, x.flip(3), x)
        return x, self.labels[pick]

    def at(self, pick: torch.Tensor) -> torch.Tensor:
        return self.levels[pick].float() / 127.5 - 1


CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR10_RECORD = 1 + 3 * 32 * 32  # label, then the planes R, G, B


def read_cifar10(folder: str, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read CIFAR-10's binary files: levels uint8 [N, 3, 32, 32] and labels [N].

    The names are those of the usual download (data_batch_1.bin ..., test_batch.bin), or
    begin with train or test; packed by xz or not. Raises FileNotFoundError if there is none.
    """
    starts = {"train": ("data_batch", "train"), "test": ("test",)}[split]
    found = sorted(
        path
        for path in Path(folder).iterdir()
        if path.name.startswith(starts) and path.name.endswith((".bin", ".bin.xz"))
    )
    if not found:
        raise FileNotFoundError(f"{folder}: no file of CIFAR-10's {split} split ({starts[0]}*.bin)")
    packed = (path.read_bytes() for path in found)
    raw = b"".join(lzma.decompress(b) if b[:6] == b"\xfd7zXZ\0" else b for b in packed)
    if len(raw) % CIFAR10_RECORD:
        raise SystemExit(
            f"{folder}: {len(raw)} bytes of {split} are not records of {CIFAR10_RECORD} bytes"
        )
    records = np.frombuffer(raw, np.uint8).reshape(-1, CIFAR10_RECORD)
    levels = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy())
    return levels, torch.from_numpy(records[:, 0].astype(np.int64))


def read_folder(folder: str, split: str) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Read the PNG, JPEG and WebP files below a folder, all of one size and a multiple of 8.

    The names of the folders right below are the classes, if there are any. Every
    HELD_OUT-th file in the order of their names is the test split.
    """
    kinds = {".png", ".jpg", ".jpeg", ".webp"}
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in kinds)
    chosen = [f for i, f in enumerate(files) if (i % HELD_OUT == HELD_OUT - 1) == (split == "test")]
    if not chosen:
        raise FileNotFoundError(f"{folder}: {len(files)} pictures, too few for a {split} split")
    classes = sorted({f.relative_to(folder).parts[0] for f in files if f.parent != Path(folder)})
    first = None
    levels, labels = [], []
    for file in chosen:
        image = np.asarray(Image.open(file).convert("RGB"))
        first = first or image.shape
        if image.shape != first or image.shape[0] % 8 or image.shape[1] % 8:
            raise SystemExit(
                f"{file}: {image.shape[1]}x{image.shape[0]} pixels, expected "
                f"{first[1]}x{first[0]} as the first, and multiples of 8"
            )
        levels.append(torch.from_numpy(image.transpose(2, 0, 1).copy()))
        labels.append(classes.index(file.relative_to(folder).parts[0]) if classes else 0)
    return torch.stack(levels), torch.tensor(labels), classes


def noise_like(x: torch.Tensor, pictures: Pictures) -> torch.Tensor:
    """Unit normal noise of the shape of a batch x, from the stream that drew the batch."""
    return torch.randn(x.shape, generator=pictures.generator, device=x.device)


def open_pictures(kind: str, data: str, split: str, seed: int, device: str = "cpu") -> Pictures:
    """Open a split, "train" or "test", of one of KINDS below the folder `data`.

    Raises FileNotFoundError if a file is missing.
    """
    if kind == "color-digits":
        return ColorDigits(data, split, seed, device)
    if kind == "cifar10":
        levels, labels = read_cifar10(data, split)
        classes = list(CIFAR10_CLASSES)
    else:
        levels, labels, classes = read_folder(data, split)
    return StoredPictures(levels, labels, classes, seed, device, flips=split == "train")


KINDS = ("color-digits", "cifar10", "folder")
