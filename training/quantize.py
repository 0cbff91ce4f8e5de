"""Make a model whose score network's convolutions are int8, for CPUs with VNNI or AMX.

    python quantize.py --model ../models/color-digits --data mnist --out runs/color-digits-int8
    python quantize.py --model ../models/mine --pictures folder --data mine --out runs/mine-int8

The new folder has the int8 graph and the model's manifest under the folder's name: requests choose
by the model's name. It samples; likelihoods and guidance by a classifier need the float32 model.
Weights get a scale an output channel, activations one a tensor, from the ranges seen on noised
training pictures of all noise levels; all but convolutions stays float32. So do the convolutions
whose rounding harms the most, until the error against held-out pictures at --sigma is at most
--tolerance above the float32 network's. With less noise it is more, with more noise less. The
network is to be one of export.py's. The last line printed is JSON.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData, create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from edm import Network, c_in, c_noise, column, denoise
from export import session, sha256
from pictures import KINDS, Pictures, noise_like, open_pictures

FILE = "score.onnx"
SMALLEST = 0.002  # of the noise levels that ranges are seen at
FEWEST_CHANNELS = 16  # convolutions of fewer, the first and the last, stay float32
ROWS = 32
CALIBRATION_BATCHES = 16
SIGMAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0, 80.0)


def network_of(path: Path, threads: int = 2) -> Network:
    """The graph as edm.py takes it."""
    graph = session(path, threads)

    def run(x: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(graph.run(None, {"x": x.numpy(), "c_noise": label.numpy()})[0])

    return run


class NoisedPictures(CalibrationDataReader):
    """Inputs of the network at noise levels that are even in ln sigma."""

    def __init__(self, pictures: Pictures, low: float, high: float):
        self.pictures, self.left = pictures, CALIBRATION_BATCHES
        self.sigma = torch.exp(torch.linspace(np.log(low), np.log(high), ROWS))

    def get_next(self) -> dict[str, np.ndarray] | None:
        if self.left == 0:
            return None
        self.left -= 1
        x0, _ = self.pictures.batch(ROWS)
        x = x0 + column(self.sigma) * noise_like(x0, self.pictures)
        return {"x": (c_in(self.sigma) * x).numpy(), "c_noise": c_noise(self.sigma).numpy()}


def ranges(path: Path, reader: CalibrationDataReader) -> TensorsData:
    """The smallest and largest value that each activation takes."""
    with tempfile.TemporaryDirectory() as folder:
        calibrator = create_calibrator(
            path,
            ["Conv"],
            augmented_model_path=str(Path(folder) / "ranges.onnx"),
            calibrate_method=CalibrationMethod.MinMax,
        )
        calibrator.collect_data(reader)
        return calibrator.compute_data()


def quantize(path: Path, seen: TensorsData, nodes: list[str], out: Path) -> None:
    """Write the graph with these convolutions in int8."""
    quantizer = QDQQuantizer(
        onnx.load(path),
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=seen,
        nodes_to_quantize=nodes,
        nodes_to_exclude=[],
        op_types_to_quantize=["Conv"],
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.save_model_to_file(str(out))


def convolutions(path: Path) -> list[str]:
    """Names of those that may become int8. Raises SystemExit where weights are halves."""
    graph = onnx.load(path).graph
    dims = {tensor.name: tensor.dims for tensor in graph.initializer}
    stored = [node for node in graph.node if node.op_type == "Conv" and node.input[1] not in dims]
    if stored:
        raise SystemExit(f"{path}: seen weights stored as float16, expected --weights float32")
    return [
        node.name
        for node in graph.node
        if node.op_type == "Conv" and min(dims[node.input[1]][:2]) >= FEWEST_CHANNELS
    ]


class Errors:
    """Root mean square errors of E[x0 | x] on the same noised held-out pictures."""

    def __init__(self, pictures: Pictures):
        self.x0 = pictures.batch(2 * ROWS)[0]
        self.noise = noise_like(self.x0, pictures)

    def of(self, path: Path, sigma: float) -> float:
        level = torch.full((len(self.x0),), sigma)
        clean = denoise(network_of(path), self.x0 + sigma * self.noise, level)
        return (clean - self.x0).square().mean().sqrt().item()


def choose(
    names: list[str], added: Callable[[list[str]], float], tolerance: float
) -> tuple[list[str], list[str]]:
    """Those that become int8 and those that stay float32: as few of the worst as will do.

    added(nodes): what these in int8 add to the error, over the float32 network's.
    """
    worst_first = sorted(names, key=lambda name: -added([name]))
    low, high = 0, len(names)
    while low < high:
        middle = (low + high) // 2
        if added(worst_first[middle:]) <= tolerance:
            high = middle
        else:
            low = middle + 1
    return [n for n in names if n in worst_first[low:]], worst_first[:low]


def read_manifest(folder: Path) -> dict:
    """The manifest. Raises SystemExit where the network is not of export.py's conventions."""
    manifest = json.loads((folder / "model.json").read_text())
    entry = manifest["score"]
    seen = (entry["input"]["scaling"], entry["time"]["kind"], entry["output"]["kind"])
    if seen != ("edm-c-in", "quarter-log-sigma", "edm-raw"):
        raise SystemExit(f"{folder}/model.json: score: seen {seen}, expected export.py's")
    return manifest


def write_model(source: dict, out: Path) -> None:
    """The manifest of the int8 model: that of the float32 one, without what int8 can't do."""
    left_out = ("classifier", "evaluation")
    manifest = {key: value for key, value in source.items() if key not in left_out}
    manifest["name"] = out.name
    manifest["description"] = f"{source['name']} in int8, for sampling alone."
    manifest["score"] = source["score"] | {"file": FILE, "sha256": sha256(out / FILE)}
    (out / "model.json.draft").write_text(json.dumps(manifest, indent=2) + "\n")
    os.replace(out / "model.json.draft", out / "model.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--model", required=True, type=Path, help="folder of the float32 model")
    add("--pictures", choices=KINDS, default="color-digits", help="what --data holds")
    add("--data", required=True, help="folder of the pictures that it was trained on")
    add("--out", required=True, type=Path, help="folder of the int8 model, named as it is")
    add("--sigma", type=float, default=0.02, help="noise at which the error is bounded")
    add("--tolerance", type=float, default=0.15, help="accepted growth of the error there")
    args = parser.parse_args()
    manifest = read_manifest(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    score, out = args.model / manifest["score"]["file"], args.out / FILE
    draft = out.with_suffix(".draft")
    high = manifest.get("sigmaRange", [SMALLEST, 80.0])[1]
    train, test = (open_pictures(args.pictures, args.data, split, 5) for split in ("train", "test"))
    errors = Errors(test)
    seen = ranges(score, NoisedPictures(train, SMALLEST, high))
    own = errors.of(score, args.sigma)

    def added(nodes: list[str]) -> float:
        quantize(score, seen, nodes, draft)
        return errors.of(draft, args.sigma) / own - 1

    reduced, kept = choose(convolutions(score), added, args.tolerance)
    if not reduced:
        raise SystemExit(f"no convolution can be int8 at sigma {args.sigma}")
    quantize(score, seen, reduced, draft)
    os.replace(draft, out)
    write_model(manifest, args.out)

    print(f"{len(reduced)} convolutions in int8, {len(kept)} in float32: {', '.join(kept)}")
    growth = {}
    for sigma in SIGMAS:
        full = errors.of(score, sigma)
        growth[f"{sigma:g}"] = round(errors.of(out, sigma) / full - 1, 4)
        print(f"sigma {sigma:g}: error {full:.4f}, {growth[f'{sigma:g}']:+.1%} in int8")
    figures = {
        "benchmark": "quantize",
        "convolutions": len(reduced),
        "keptFloat32": kept,
        "addedError": growth,
        "bytes": [score.stat().st_size, out.stat().st_size],
        "onnxruntime": onnxruntime.__version__,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
