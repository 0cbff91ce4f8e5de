"""Export the trained networks as ONNX, check them against PyTorch, write the manifest.

    python export.py --score runs/score --classifier runs/classifier --out ../models/color-digits
    python export.py --score runs/cifar10 --weights float16 --out ../models/cifar10

score.onnx:      x [batch, C, H, W], c_noise [batch] -> F [batch, C, H, W]
classifier.onnx: x [batch, C, H, W], c_noise [batch] -> logits [batch, K]

x is c_in times the noised picture and c_noise is ln(sigma)/4 (edm.py); F is the
raw network of EDM's preconditioning. The weights are the averaged ones. With
--weights float16 they are stored in half the bytes and computed with in float32. Files
are written beside their place and renamed, the manifest last. The manifest's name is
--out's.
"""

import argparse
import copy
import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import onnxscript.optimizer
import torch
from torch import nn

import manifest
from classifier import SIZES as CLASSIFIER_SIZES
from classifier import Classifier
from edm import c_noise
from export_form import export_form, fold_affines
from half_weights import round_weights, store_weights_as_float16
from unet import SIZES, UNet

OPSET = 17
TOLERANCE = 1e-4  # largest allowed |onnx - torch|, relative to the largest |torch|
BATCHES = (1, 16, 64)
OUTPUTS = {
    "score": {"name": "F", "kind": "edm-raw"},
    "classifier": {"name": "logits", "kind": "logits"},
}

Shape = tuple[int, int, int]  # channels, height, width


def export(network: nn.Module, shape: Shape, output: str, path: Path, half: bool) -> None:
    """Trace network(x, c_noise) with a free batch into path, and check the file against it.

    half: weights are rounded to float16, in `network` too, and stored so. Those of the form that
    is stored: what is folded of rounded weights would be rounded again.
    """
    example = (torch.randn(2, *shape), torch.randn(2))
    if half:
        round_weights(fold_affines(network))
    names = ["x", "c_noise"]
    draft = path.with_suffix(".draft")
    torch.onnx.export(
        export_form(copy.deepcopy(network)),
        example,
        draft,
        opset_version=OPSET,
        input_names=names,
        output_names=[output],
        dynamic_axes={name: {0: "batch"} for name in [*names, output]},
        dynamo=False,
    )
    graph = onnxscript.optimizer.optimize(onnx.load(draft))  # folds constants, drops Identity
    if half:
        store_weights_as_float16(graph)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, draft)
    error = largest_error(network, shape, draft)
    if not error < TOLERANCE:
        raise SystemExit(f"{path.name}: relative error {error:.2e}, at most {TOLERANCE} allowed")
    print(f"{path.name}: {draft.stat().st_size} bytes, relative error {error:.1e}")
    os.replace(draft, path)


def session(path: Path, threads: int = 2) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def largest_error(network: nn.Module, shape: Shape, path: Path) -> float:
    """The largest relative error of the graph over noise levels and batch sizes."""
    graph, worst = session(path), 0.0
    for sigma in (0.001, 0.01, 0.1, 1.0, 10.0, 152.0):
        for batch in BATCHES:
            x = torch.randn(batch, *shape)
            label = c_noise(torch.full((batch,), sigma))
            expected = network(x, label).numpy()
            seen = graph.run(None, {"x": x.numpy(), "c_noise": label.numpy()})[0]
            worst = max(worst, float(np.abs(seen - expected).max() / np.abs(expected).max()))
    return worst


def milliseconds_per_row(path: Path, shape: Shape, batch: int, seconds: float = 2.0) -> float:
    """Median time of an evaluation on two CPU threads, over its batch."""
    graph, times = session(path), []
    rows = {
        "x": np.random.randn(batch, *shape).astype(np.float32),
        "c_noise": np.random.randn(batch).astype(np.float32),
    }
    graph.run(None, rows)
    while sum(times) < seconds:
        start = time.perf_counter()
        graph.run(None, rows)
        times.append(time.perf_counter() - start)
    return 1e3 * sorted(times)[len(times) // 2] / batch


def last(run: str) -> dict:
    """The last checkpoint of a run."""
    return torch.load(Path(run) / "last.pt", map_location="cpu")


def averaged(network: nn.Module, state: dict) -> nn.Module:
    """`network` with a checkpoint's averaged weights."""
    network.load_state_dict(state["ema"])
    return network.eval().requires_grad_(False)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--score", default="runs/score", help="folder of the score's run")
    parser.add_argument("--classifier", help="folder of a classifier's run, for guidance")
    parser.add_argument("--out", default="../models/color-digits", help="the model's folder")
    parser.add_argument("--weights", choices=("float32", "float16"), default="float32")
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)

    run, half = last(args.score), args.weights == "float16"
    shape = tuple(run["shape"])
    networks = {"score": averaged(UNet(SIZES[run["args"]["size"]], shape), run)}
    if args.classifier:
        labelled = last(args.classifier)
        channels = CLASSIFIER_SIZES[labelled["args"]["size"]]
        network = Classifier(channels, shape[0], len(labelled["classes"]))
        networks["classifier"] = averaged(network, labelled)
    entries = {}
    for role, network in networks.items():
        output = OUTPUTS[role]
        file = out / f"{role}.onnx"
        export(network, shape, output["name"], file, half)
        entries[role] = manifest.network(file.name, sha256(file), parameters(network), output)
    text = json.dumps(
        manifest.manifest(out.name, entries, run, sha256(Path(args.score) / "last.pt")), indent=2
    )
    (out / "model.json.draft").write_text(text + "\n")
    os.replace(out / "model.json.draft", out / "model.json")
    for role in networks:
        file = out / f"{role}.onnx"
        times = {batch: round(milliseconds_per_row(file, shape, batch), 2) for batch in BATCHES}
        print(f"{file.name}: ms a row by batch {times}")


if __name__ == "__main__":
    main()
