"""Write held-out test pictures as PNG files, for likelihoods and for guidance's judge.

    python held_out.py --pictures color-digits --data mnist --out runs/test-digits

The first --count / K of each of the K classes in the order of the test split (the first
--count of a split without classes): <index in the split>-<class>.png. The colours of
color-digits are drawn from --seed.
"""

import argparse
from pathlib import Path

import torch
from PIL import Image

from pictures import KINDS, Pictures, open_pictures


def first_of_each(pictures: Pictures, count: int) -> torch.Tensor:
    """Indices of the first count / K of each class, in their own order: [count]."""
    kinds = max(len(pictures.classes), 1)
    chosen = [(pictures.labels == k).nonzero()[: count // kinds, 0] for k in range(kinds)]
    return torch.cat(chosen).sort().values


def save(x: torch.Tensor, path: Path) -> None:
    """Write one picture x [3, H, W], 8-bit levels scaled to [-1, 1]: without loss."""
    levels = ((x + 1) * 127.5).round().to(torch.uint8)
    Image.fromarray(levels.permute(1, 2, 0).contiguous().numpy()).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--pictures", choices=KINDS, default="color-digits", help="what --data holds")
    add("--data", required=True, help="folder of the data set's files")
    add("--out", required=True, help="folder of the PNG files")
    add("--count", type=int, default=100, help="a multiple of the number of classes")
    add("--seed", type=int, default=0, help="of color-digits' colours")
    args = parser.parse_args()
    test = open_pictures(args.pictures, args.data, "test", args.seed)
    kinds = max(len(test.classes), 1)
    if args.count <= 0 or args.count % kinds:
        raise SystemExit(f"--count {args.count}: expected a positive multiple of {kinds}")
    pick = first_of_each(test, args.count)
    if len(pick) < args.count:
        raise SystemExit(f"--count {args.count}: the split has fewer of some class")

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    for index, x in zip(pick.tolist(), test.at(pick), strict=True):
        name = test.classes[test.labels[index]] if test.classes else "picture"
        save(x, out / f"{index:05d}-{name}.png")
    print(f"{len(pick)} pictures in {out}")


if __name__ == "__main__":
    main()
