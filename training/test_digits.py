"""Write held-out test digits of color-digits as PNG files, for likelihoods.

    python test_digits.py --data mnist --out runs/test-digits

The first --count / 10 of each class in the order of MNIST's test split, in colours
drawn from --seed, 8 bits: <index in the split>-<label>.png.
"""

import argparse
from pathlib import Path

import torch
from PIL import Image

from digits import CLASSES, ColorDigits


def first_of_each(labels: torch.Tensor, count: int) -> torch.Tensor:
    """Indices of the first `count` of each class, in their own order: [CLASSES count]."""
    chosen = [(labels == label).nonzero()[:count, 0] for label in range(CLASSES)]
    return torch.cat(chosen).sort().values


def save(x: torch.Tensor, path: Path) -> None:
    """Write one picture x [3, H, W], 8-bit levels scaled to [-1, 1]: without loss."""
    levels = ((x + 1) * 127.5).round().to(torch.uint8)
    Image.fromarray(levels.permute(1, 2, 0).contiguous().numpy()).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", required=True, help="folder with the four MNIST idx files")
    add("--out", required=True, help="folder of the PNG files")
    add("--count", type=int, default=100, help=f"a multiple of {CLASSES}")
    add("--seed", type=int, default=0, help="of the colours")
    args = parser.parse_args()
    if args.count <= 0 or args.count % CLASSES:
        raise SystemExit(f"--count {args.count}: expected a positive multiple of {CLASSES}")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)

    digits = ColorDigits(args.data, "test", args.seed)
    pick = first_of_each(digits.labels, args.count // CLASSES)
    if len(pick) < args.count:
        raise SystemExit(f"--count {args.count}: the split has fewer of some class")
    for index, x in zip(pick.tolist(), digits.colored(pick), strict=True):
        save(x, out / f"{index:05d}-{digits.labels[index].item()}.png")
    print(f"{len(pick)} digits in {out}")


if __name__ == "__main__":
    main()
