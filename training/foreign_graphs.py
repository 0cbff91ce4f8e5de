"""Write ONNX graphs as other people's exports have them, to try differentiation on.

    python foreign_graphs.py --out runs/foreign

Five networks with random weights, each by both of PyTorch's exporters in opsets 13, 17,
18 and 21, as far as the exporter can; nothing is folded or simplified afterwards. Each
file is compared with PyTorch in ONNX Runtime. graphs.json lists them:

    file, network, exporter, opset, input, extraInputs, output, kind

kind is "picture" (of the input's shape) or "logits" ([batch, 10]); extraInputs are
the names of inputs [batch] beside the picture [batch, 3, 32, 32].
"""

import argparse
import contextlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch import nn

from export import TOLERANCE, session
from foreign_classifiers import ConvNet, Dit, Vit
from foreign_unets import DdpmUNet, RefineNet

OPSETS = (13, 17, 18, 21)


class Foreign(NamedTuple):
    network_of: Callable[[], nn.Module]
    extra_inputs: tuple[str, ...]
    output: str
    kind: str


NETWORKS = {
    "ddpm-unet": Foreign(DdpmUNet, ("t",), "noise", "picture"),
    "refine-net": Foreign(RefineNet, ("sigma",), "score", "picture"),
    "dit": Foreign(Dit, ("t",), "noise", "picture"),
    "vit": Foreign(Vit, (), "logits", "logits"),
    "conv-net": Foreign(ConvNet, (), "logits", "logits"),
}


@torch.no_grad()
def randomized(network: nn.Module) -> nn.Module:
    """Give norms weights, biases and statistics that do something, as if trained."""
    for name, value in network.state_dict().items():
        owner = network.get_submodule(name.rpartition(".")[0])
        if "Norm" not in type(owner).__name__ or not value.is_floating_point():
            continue
        if name.endswith(("weight", "running_var")):
            value.uniform_(0.5, 1.5)
        elif name.endswith(("bias", "running_mean")):
            value.normal_(std=0.3)
    return network.eval().requires_grad_(False)


def rows(batch: int, extra: int) -> tuple[torch.Tensor, ...]:
    """Pictures [B, 3, 32, 32] and `extra` times [B] in (0.1, 1)."""
    times = (0.1 + 0.9 * torch.rand(batch) for _ in range(extra))
    return (torch.randn(batch, 3, 32, 32), *times)


def export(network: nn.Module, foreign: Foreign, exporter: str, opset: int, path: Path) -> None:
    """Export with a free batch. Raises what the exporter raises."""
    names = ["x", *foreign.extra_inputs]
    options = {
        "opset_version": opset,
        "input_names": names,
        "output_names": [foreign.output],
    }
    example = rows(2, len(foreign.extra_inputs))
    if exporter == "torchscript":
        axes = {name: {0: "batch"} for name in [*names, foreign.output]}
        torch.onnx.export(network, example, path, **options, dynamic_axes=axes, dynamo=False)
        return
    torch.onnx.export(
        network,
        example,
        path,
        **options,
        dynamic_shapes=[{0: torch.export.Dim.DYNAMIC} for _ in names],
        external_data=False,
        verbose=False,
        dynamo=True,
    )


def largest_error(network: nn.Module, path: Path, names: list[str]) -> float:
    """The largest |onnx - torch| over batch sizes, relative to the largest |torch|."""
    graph, worst = session(path), 0.0
    for batch in (1, 2, 5):
        inputs = rows(batch, len(names) - 1)
        expected = network(*inputs).numpy()
        (seen,) = graph.run(None, {name: v.numpy() for name, v in zip(names, inputs, strict=True)})
        worst = max(worst, float(np.abs(seen - expected).max() / np.abs(expected).max()))
    return worst


def opset_of(path: Path) -> int:
    """The opset that the file is really in: the newer exporter may keep its own."""
    versions = {entry.domain: entry.version for entry in onnx.load(path).opset_import}
    return versions[""]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what is printed, also by C++: PyTorch prints a whole graph where an export fails."""
    sys.stdout.flush()
    kept = [os.dup(1), os.dup(2)]
    with open(os.devnull, "w") as sink:
        for stream in (1, 2):
            os.dup2(sink.fileno(), stream)
    try:
        yield
    finally:
        sys.stdout.flush()
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)


def reason(error: BaseException) -> str:
    """The first line of what an exporter's error comes from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().splitlines()[0][:100]


def graph(name: str, exporter: str, opset: int, out: Path) -> dict | None:
    """Write and check one graph. Returns its entry of graphs.json, or None, and prints why."""
    torch.manual_seed(0)
    foreign = NETWORKS[name]
    network = randomized(foreign.network_of())
    file = f"{name}-{exporter}-{opset}.onnx"
    path, names = out / file, ["x", *foreign.extra_inputs]
    try:
        with silence():
            export(network, foreign, exporter, opset, path)
    except Exception as error:
        print(f"{file}: the exporter can't: {reason(error)}")
        path.unlink(missing_ok=True)
        return None
    if opset_of(path) != opset:
        print(f"{file}: the exporter can't: it wrote opset {opset_of(path)}")
        path.unlink()
        return None
    error = largest_error(network, path, names)
    if not error < TOLERANCE:
        raise SystemExit(f"{file}: relative error {error:.2e}, at most {TOLERANCE} allowed")
    print(f"{file}: {path.stat().st_size} bytes, relative error {error:.1e}", flush=True)
    return {
        "file": file,
        "network": name,
        "exporter": exporter,
        "opset": opset,
        "input": "x",
        "extraInputs": list(foreign.extra_inputs),
        "output": foreign.output,
        "kind": foreign.kind,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, help="folder of the graphs and graphs.json")
    out = Path(parser.parse_args().out)
    out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    # The layers' own operators for inference, which no exporter knows.
    torch.backends.mha.set_fastpath_enabled(False)
    entries = [
        graph(name, exporter, opset, out)
        for name in NETWORKS
        for exporter in ("torchscript", "dynamo")
        for opset in OPSETS
    ]
    written = [entry for entry in entries if entry is not None]
    (out / "graphs.json").write_text(json.dumps(written, indent=2) + "\n")
    print(f"{len(written)} graphs in {out}")


if __name__ == "__main__":
    main()
