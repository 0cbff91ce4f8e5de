"""Export a network as ONNX with a free batch, and compare the file with PyTorch."""

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import onnxscript.optimizer
import torch
from checkpoint import Checkpoint, ConversionError

OPSET = 17
INPUT, TIME, OUTPUT = "x", "time", "output"
TOLERANCE = 1e-3  # largest |onnx - torch| accepted at a time, over the largest |torch| there
BATCHES = (1, 3)  # neither is the batch that was traced


def export(checkpoint: Checkpoint, path: Path) -> float:
    """Write checkpoint.network to path. Returns the largest relative error against PyTorch.

    Raises ConversionError where that is above TOLERANCE.
    """
    network, t = checkpoint.network, checkpoint.times[-1]
    example = (checkpoint.noised(2, t), checkpoint.label(t).repeat(2))
    names = (INPUT, TIME, OUTPUT)
    # The tracer warns of every shape that a network looks at; the comparison is what tells.
    quiet = contextlib.redirect_stderr(io.StringIO())
    with warnings.catch_warnings(), quiet:
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            example,
            path,
            opset_version=OPSET,
            input_names=[INPUT, TIME],
            output_names=[OUTPUT],
            dynamic_axes={name: {0: "batch"} for name in names},
            dynamo=False,
        )
    graph = onnxscript.optimizer.optimize(onnx.load(path))  # folds constants, drops Identity
    onnx.save(graph, path)
    error = largest_error(checkpoint, path)
    if not error <= TOLERANCE:
        raise ConversionError(
            f"{path.name}: seen a relative error of {error:.1e} against PyTorch, "
            f"expected at most {TOLERANCE:.0e}"
        )
    return error


def run(path: Path) -> Callable[[torch.Tensor, torch.Tensor], np.ndarray]:
    """The file as a function of x and label, in ONNX Runtime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda x, label: session.run(None, {INPUT: x.numpy(), TIME: label.numpy()})[0]


@torch.no_grad()
def largest_error(checkpoint: Checkpoint, path: Path) -> float:
    """The largest relative error of the file, over the times and two batches."""
    evaluate, worst = run(path), 0.0
    for t in checkpoint.times:
        for batch in BATCHES:
            x, label = checkpoint.noised(batch, t), checkpoint.label(t).repeat(batch)
            expected = checkpoint.network(x, label).numpy()
            error = float(np.abs(evaluate(x, label) - expected).max() / np.abs(expected).max())
            worst = max(worst, error if np.isfinite(error) else np.inf)
    return worst
