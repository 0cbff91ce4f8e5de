"""Sample sheets: a batch of pictures as one PNG."""

from pathlib import Path

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
