"""The paper's style of sampling loop, in PyTorch, with the weights of models/color-digits.

    python bench_loop.py --count 64 --batch 32 --steps 30 [--channels-last] [--threads 2] \
        [--device cuda]
    python bench_loop.py --score-at 0.3 < picture.f32

It is what `npm run bench:pytorch` and `npm run bench:gpu` measure the server beside. Batches are
drawn one after the other: Euler-Maruyama on the reverse SDE, then E[x_0 | x_eps], and pixels of 8
bits. The first form prints { imagesPerSecond, torch, threads }; the second { score }, of one
picture x_t, the float32 [3, 32, 32] of its input.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from digits import CHANNELS, SIZE
from edm import denoise
from unet import UNet

BETA_MIN, BETA_MAX, EPS = 0.1, 20.0, 1e-3  # of models/color-digits/model.json
SCORE = Path(__file__).parent / "../models/color-digits/score.onnx"


def beta(t: float) -> float:
    return BETA_MIN + t * (BETA_MAX - BETA_MIN)


def marginal(t: float) -> tuple[float, float]:
    """Mean and standard deviation of x_t given x_0 (Song et al. 2021, equation 33)."""
    log_mean = -0.25 * t * t * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    return math.exp(log_mean), math.sqrt(-math.expm1(2 * log_mean))


def load_network(path: Path) -> UNet:
    """The U-Net of unet.py with the weights of its export.

    The export folded the affine part of each norm2 into the layer after it (export_form.py), so
    that these norms are to scale by 1 and shift by 0: the same function, in PyTorch's own layers.
    """
    initializers = onnx.load(path).graph.initializer
    exported = {one.name: numpy_helper.to_array(one) for one in initializers}
    network = UNet()
    state = network.state_dict()
    for name, parameter in state.items():
        if ".norm2." in name:
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        elif name in exported:
            parameter.copy_(torch.from_numpy(exported[name].copy()).reshape(parameter.shape))
        else:
            raise SystemExit(f"{path}: seen no initializer {name}, expected one of unet.py's")
    return network.eval().requires_grad_(False)


def clean(network: UNet, x: torch.Tensor, t: float) -> torch.Tensor:
    """E[x_0 | x_t] of x [B, 3, H, W]."""
    mean, std = marginal(t)
    return denoise(network, x / mean, torch.full((len(x),), std / mean, device=x.device))


def score(network: UNet, x: torch.Tensor, t: float) -> torch.Tensor:
    mean, std = marginal(t)
    return (mean * clean(network, x, t) - x) / std**2


@torch.inference_mode()
def sample(network: UNet, x: torch.Tensor, steps: int) -> torch.Tensor:
    """Pictures out of the prior's x [B, 3, H, W], by `steps` evaluations (equation 6)."""
    times = torch.linspace(1, EPS, steps).tolist()
    for t, after in zip(times[:-1], times[1:], strict=True):
        dt = t - after
        mean = x + beta(t) * (x / 2 + score(network, x, t)) * dt
        x = mean + math.sqrt(beta(t) * dt) * torch.randn_like(x)
    pictures = clean(network, x, times[-1])
    return ((pictures + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def images_per_second(network: UNet, args: argparse.Namespace) -> float:
    form = torch.channels_last if args.channels_last else torch.contiguous_format
    network = network.to(args.device, memory_format=form)

    def draw(rows: int, steps: int) -> None:
        x = torch.randn(rows, CHANNELS, SIZE, SIZE, device=args.device).to(memory_format=form)
        sample(network, x, steps).cpu().numpy()  # waits for the device

    draw(args.batch, 3)  # the first evaluations choose their kernels
    started = time.perf_counter()
    for done in range(0, args.count, args.batch):
        draw(min(args.batch, args.count - done), args.steps)
    return args.count / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=SCORE, help="the exported score network")
    parser.add_argument("--count", type=int, default=64, help="pictures to draw")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=30, help="evaluations of each picture")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda, or cuda:1")
    parser.add_argument("--channels-last", action="store_true", help="a faster memory format")
    parser.add_argument("--score-at", type=float, help="a time in (0, 1]: print a score instead")
    args = parser.parse_args()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    network = load_network(args.model)
    if args.score_at is not None:
        x = np.frombuffer(sys.stdin.buffer.read(), dtype="<f4").reshape(1, CHANNELS, SIZE, SIZE)
        with torch.inference_mode():
            found = score(network, torch.from_numpy(x.copy()), args.score_at)
        print(json.dumps({"score": found.flatten().tolist()}))
        return
    figures = {"imagesPerSecond": images_per_second(network, args)}
    print(json.dumps(figures | {"torch": torch.__version__, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
