"""Export the trained networks as ONNX, check them against PyTorch, write the manifest.

    python export.py --score runs/score --classifier runs/classifier --out ../models/color-digits

score.onnx:      x [batch, 3, 32, 32], c_noise [batch] -> F [batch, 3, 32, 32]
classifier.onnx: x [batch, 3, 32, 32], c_noise [batch] -> logits [batch, 10]

x is c_in times the noised picture and c_noise is ln(sigma)/4 (edm.py); F is the
raw network of EDM's preconditioning. The weights are the averaged ones. Files are
written beside their place and renamed, the manifest last.
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
from classifier import Classifier
from digits import CHANNELS, SIZE
from edm import c_noise
from export_form import export_form
from unet import UNet

OPSET = 17
TOLERANCE = 1e-4  # largest allowed |onnx - torch|, relative to the largest |torch|
BATCHES = (1, 16, 64)


def export(network: nn.Module, output: str, path: Path) -> None:
    """Trace network(x, c_noise) with a free batch into path, and check the file against it."""
    example = (torch.randn(2, CHANNELS, SIZE, SIZE), torch.randn(2))
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
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, draft)
    error = largest_error(network, draft)
    if not error < TOLERANCE:
        raise SystemExit(f"{path.name}: relative error {error:.2e}, at most {TOLERANCE} allowed")
    print(f"{path.name}: {draft.stat().st_size} bytes, relative error {error:.1e}")
    os.replace(draft, path)


def session(path: Path, threads: int = 2) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def largest_error(network: nn.Module, path: Path) -> float:
    """The largest relative error of the graph over noise levels and batch sizes."""
    graph, worst = session(path), 0.0
    for sigma in (0.001, 0.01, 0.1, 1.0, 10.0, 152.0):
        for batch in BATCHES:
            x = torch.randn(batch, CHANNELS, SIZE, SIZE)
            label = c_noise(torch.full((batch,), sigma))
            expected = network(x, label).numpy()
            seen = graph.run(None, {"x": x.numpy(), "c_noise": label.numpy()})[0]
            worst = max(worst, float(np.abs(seen - expected).max() / np.abs(expected).max()))
    return worst


def milliseconds_per_row(path: Path, batch: int, seconds: float = 2.0) -> float:
    """Median time of an evaluation on two CPU threads, over its batch."""
    graph, times = session(path), []
    rows = {
        "x": np.random.randn(batch, CHANNELS, SIZE, SIZE).astype(np.float32),
        "c_noise": np.random.randn(batch).astype(np.float32),
    }
    graph.run(None, rows)
    while sum(times) < seconds:
        start = time.perf_counter()
        graph.run(None, rows)
        times.append(time.perf_counter() - start)
    return 1e3 * sorted(times)[len(times) // 2] / batch


def averaged(run: str, network_of) -> tuple[nn.Module, dict]:
    """The network of a run's last checkpoint with its averaged weights, and the checkpoint."""
    state = torch.load(Path(run) / "last.pt", map_location="cpu")
    network = network_of(state)
    network.load_state_dict(state["ema"])
    return network.eval().requires_grad_(False), state


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--score", default="runs/score", help="folder of the score's run")
    parser.add_argument("--classifier", default="runs/classifier", help="folder of its run")
    parser.add_argument("--out", default="../models/color-digits")
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)

    score, run = averaged(args.score, lambda state: UNet(state["channels"]))
    classifier, _ = averaged(args.classifier, lambda state: Classifier())
    export(score, "F", out / "score.onnx")
    export(classifier, "logits", out / "classifier.onnx")
    entries = [
        manifest.network(
            name, sha256(out / name), parameters(graph), {"name": output, "kind": kind}
        )
        for name, graph, output, kind in (
            ("score.onnx", score, "F", "edm-raw"),
            ("classifier.onnx", classifier, "logits", "logits"),
        )
    ]
    text = json.dumps(
        manifest.manifest(*entries, run, sha256(Path(args.score) / "last.pt")), indent=2
    )
    (out / "model.json.draft").write_text(text + "\n")
    os.replace(out / "model.json.draft", out / "model.json")
    for name in ("score.onnx", "classifier.onnx"):
        times = {batch: round(milliseconds_per_row(out / name, batch), 2) for batch in BATCHES}
        print(f"{name}: ms a row by batch {times}")


if __name__ == "__main__":
    main()
