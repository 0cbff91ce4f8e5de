"""Compare an int8 model with its float32 one: time, and what samples are worth.

    python quantize.py --model ../models/color-digits --data mnist --out runs/color-digits-int8
    python compare_precision.py --int8 runs/color-digits-int8 --data mnist --out runs/precision

Samples are drawn from the same noise in float32 and by int8, by Euler-Maruyama on the reverse VP
SDE and a last denoising; for each --from-sigma by int8 where the noise is at least that, by float32
below. A group of samples is compared with four times as many held-out digits. Printed, as mean and
standard error over groups: the energy distance to them (in widths of the data's range), the share
that the reader is more than 90 % sure of, and what two colours leave unexplained; each also as the
change from float32's of the same group. Real digits stand beside them. Writes a sheet of each.
Times are of evaluations in turn, the lowest quarter. The last line is JSON.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from bench_loop import EPS, SCORE, beta, marginal
from digits import CHANNELS, SIZE, ColorDigits
from edm import Network, denoise
from export import session
from quantize import network_of
from sheet import save_sheet

GROUP = 64  # samples of a group, and of one evaluation
Clean = Callable[[torch.Tensor, float], torch.Tensor]  # E[x0 | x_t] of x_t, t


def clean_by(choose: Callable[[float], Network]) -> Clean:
    """choose(sigma): the network of a noise level."""

    def clean(x: torch.Tensor, t: float) -> torch.Tensor:
        mean, std = marginal(t)
        sigma = std / mean
        return denoise(choose(sigma), x / mean, torch.full((len(x),), sigma))

    return clean


def sample(clean: Clean, seed: int, steps: int) -> torch.Tensor:
    """GROUP pictures, rounded to 8 bits, as [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)

    def noise() -> torch.Tensor:
        return torch.randn(GROUP, CHANNELS, SIZE, SIZE, generator=generator)

    x, times = noise(), torch.linspace(1, EPS, steps).tolist()
    for t, after in zip(times[:-1], times[1:], strict=True):
        dt, (mean, std) = t - after, marginal(t)
        score = (mean * clean(x, t) - x) / std**2
        x = x + beta(t) * (x / 2 + score) * dt + math.sqrt(beta(t) * dt) * noise()
    return ((clean(x, times[-1]) + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1


def energy_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """As loadtest/energy-distance.ts, over the width of [-1, 1]."""
    a, b = a.flatten(1).double(), b.flatten(1).double()
    between = 2 * torch.cdist(a, b).mean()
    return ((between - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()) / 2).item()


def unexplained(x: torch.Tensor) -> float:
    """Root mean square of what a background and one direction of colour leave, averaged."""
    pixels = x.flatten(2)
    edge = torch.cat([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], dim=2)
    offset = pixels - edge.mean(dim=2, keepdim=True)
    squares = torch.linalg.svdvals(offset)[:, 1:].square().sum(dim=1) / pixels[0].numel()
    return squares.sqrt().mean().item()


def measures(x: torch.Tensor, reader: onnxruntime.InferenceSession, test: ColorDigits) -> dict:
    logits = torch.from_numpy(reader.run(None, {"x": x.numpy()})[0])
    sure = logits.softmax(dim=1).amax(dim=1) > 0.9
    return {
        "energyDistance": energy_distance(x, test.batch(4 * GROUP)[0]),
        "readSurely": sure.float().mean().item(),
        "unexplained": unexplained(x),
    }


def mean_and_error(values: list[float]) -> list[float]:
    spread = np.std(values, ddof=1) / math.sqrt(len(values))
    return [round(float(np.mean(values)), 5), round(float(spread), 5)]


def quality(full_path: Path, small_path: Path, args: argparse.Namespace) -> dict:
    full, small = (network_of(path, args.threads) for path in (full_path, small_path))
    ways = {"float32": clean_by(lambda _: full)}
    for least in args.from_sigma:
        name = f"int8 from {least:g}" if least > 0 else "int8"
        ways[name] = clean_by(lambda sigma, least=least: small if sigma >= least else full)
    reader = session(args.model / "evaluation/reader.onnx")
    found: dict[str, list[dict]] = {name: [] for name in [*ways, "digits"]}
    moved: dict[str, list[float]] = {name: [] for name in ways}
    for group in range(args.groups):
        pictures = {name: sample(clean, group, args.steps) for name, clean in ways.items()}
        # Digits themselves, of a stream of their own: what the measures are at their best.
        pictures["digits"] = ColorDigits(args.data, "test", 1000 + group).batch(GROUP)[0]
        for name, x in pictures.items():
            found[name].append(measures(x, reader, ColorDigits(args.data, "test", group)))
            if name in ways:
                moved[name].append((x - pictures["float32"]).square().mean().sqrt().item())
            if group == 0 and args.out:
                args.out.mkdir(parents=True, exist_ok=True)
                save_sheet(x, args.out / f"{name.replace(' ', '-')}.png", zoom=2)
        print(f"group {group + 1} of {args.groups}", flush=True)
    figures = {}
    for name, groups in found.items():
        row = {key: mean_and_error([one[key] for one in groups]) for key in groups[0]}
        if name in ways and name != "float32":
            pairs = zip(groups, found["float32"], strict=True)
            differences = [{key: a[key] - b[key] for key in a} for a, b in pairs]
            row |= {
                f"{key}Change": mean_and_error([one[key] for one in differences])
                for key in groups[0]
            }
            row["movedRms"] = mean_and_error(moved[name])
        figures[name] = row
        print(f"{name}: {json.dumps(row)}", flush=True)
    return figures


def times(full_path: Path, small_path: Path, seconds: float) -> list[dict]:
    """Milliseconds a row of both graphs, in turn, and float32's times over int8's."""
    rows = []
    for threads in (1, 2):
        graphs = [session(path, threads) for path in (full_path, small_path)]
        for batch in (1, 8, 32):
            inputs = {
                "x": np.random.randn(batch, CHANNELS, SIZE, SIZE).astype(np.float32),
                "c_noise": np.zeros(batch, np.float32),
            }
            # Wall and processor's time, ms a row, of both graphs; the second is disturbed least.
            taken: list[list[tuple[float, float]]] = [[], []]
            end = time.perf_counter() + seconds
            while time.perf_counter() < end or len(taken[0]) < 8:
                for graph, pairs in zip(graphs, taken, strict=True):
                    start = time.perf_counter(), time.process_time()
                    graph.run(None, inputs)
                    after = time.perf_counter(), time.process_time()
                    pairs.append(
                        tuple(1e3 * (b - a) / batch for a, b in zip(start, after, strict=True))
                    )
            low = [
                [sorted(kind)[len(kind) // 4] for kind in zip(*pairs, strict=True)]
                for pairs in taken
            ]
            (full, full_cpu), (small, small_cpu) = low
            row = {"threads": threads, "rows": batch, "float32Ms": full, "int8Ms": small}
            row |= {"ratio": full / small, "processorRatio": full_cpu / small_cpu}
            rows.append({k: round(v, 3) for k, v in row.items()})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--model", type=Path, default=SCORE.parent, help="folder of color-digits")
    add("--int8", required=True, type=Path, help="folder that quantize.py wrote")
    add("--data", help="folder with the four MNIST idx files; without: times only")
    add("--from-sigma", type=float, nargs="+", default=[0.0], help="least noise of int8")
    add("--groups", type=int, default=8, help=f"groups of {GROUP} samples")
    add("--steps", type=int, default=100)
    add("--threads", type=int, default=2, help="of an evaluation of the samples")
    add("--seconds", type=float, default=2.0, help="for each pair of times; 0: quality only")
    add("--out", type=Path, help="folder of the sheets")
    args = parser.parse_args()
    paths = (args.model / "score.onnx", args.int8 / "score.onnx")
    figures: dict = {"benchmark": "precision", "onnxruntime": onnxruntime.__version__}
    if args.seconds > 0:
        figures["times"] = times(*paths, args.seconds)
    if args.data:
        figures |= {"steps": args.steps, "groups": args.groups, "group": GROUP}
        figures["quality"] = quality(*paths, args)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
