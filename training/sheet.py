"""Sample sheets: pictures as one PNG.

python sheet.py --pictures runs/cifar10/samples --out samples.png --columns 8 --zoom 2
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image


def save_sheet(x: torch.Tensor, path: Path, columns: int = 16, gap: int = 1, zoom: int = 1) -> None:
    """Write pictures x [B, 3, H, W] in [-1, 1] as a grid, B a multiple of `columns`."""
    levels = ((x.float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    tiles = torch.nn.functional.pad(levels, (0, gap, 0, gap), value=255)
    rows, (_, channels, height, width) = len(x) // columns, tiles.shape
    grid = tiles.view(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    image = Image.fromarray(grid.reshape(rows * height, columns * width, channels).numpy())
    image.resize((image.width * zoom, image.height * zoom), Image.NEAREST).save(path, optimize=True)


def read_pictures(folder: Path) -> torch.Tensor:
    """The PNG files of a folder, all of one size, in the order of their names: [B, 3, H, W]."""
    # By length first, so that 10.png comes after 9.png.
    files = sorted(folder.glob("*.png"), key=lambda file: (len(file.name), file.name))
    levels = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    return torch.from_numpy(levels).permute(0, 3, 1, 2) / 127.5 - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--pictures", type=Path, required=True, help="folder of PNG files of one size")
    add("--out", type=Path, required=True, help="the sheet")
    add("--columns", type=int, default=16, help="a divisor of the number of pictures")
    add("--zoom", type=int, default=1, help="pixels of the sheet a pixel, each way")
    args = parser.parse_args()
    x = read_pictures(args.pictures)
    if len(x) % args.columns:
        raise SystemExit(f"--columns {args.columns}: expected a divisor of {len(x)} pictures")
    save_sheet(x, args.out, args.columns, zoom=args.zoom)


if __name__ == "__main__":
    main()
