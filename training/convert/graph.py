"""Export a network as ONNX with a free batch, and compare the file with PyTorch."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from checkpoint import Checkpoint, ConversionError

OPSET = 18
INPUT, TIME, CLASS, OUTPUT = "x", "time", "class", "output"
TOLERANCE = 1e-3  # largest |onnx - torch| accepted at a time, over the largest |torch| there
BATCHES = (1, 3)  # neither is the batch that was traced
LARGEST_BATCH = 4096  # of a server, --max-batch-rows


@torch.no_grad()
def export(checkpoint: Checkpoint, path: Path) -> float:
    """Write checkpoint.network to path. Returns the largest relative error against PyTorch.

    By torch.export and not by TorchScript, which takes shapes for tensors: it can't export
    convolutions whose padding and filters are computed from the shapes of their weights (EDM's).

    Raises ConversionError where the network can't be exported or differs.
    """
    t = checkpoint.times[-1]
    example = inputs(checkpoint, 2, t)
    names = (INPUT, TIME, CLASS)[: len(example)]
    with quiet():
        try:
            program = torch.export.export(
                checkpoint.network,
                example,
                dynamic_shapes=tuple({0: torch.export.Dim.AUTO} for _ in names),
                strict=False,
            )
            graph = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(names),
                output_names=[OUTPUT],
                dynamic_shapes=tuple({0: "batch"} for _ in names),
                verbose=False,
            )
        except Exception as error:
            raise ConversionError(f"the network can't be exported: {error}") from error
        onnx.save(without_metadata(graph.model_proto), path)
    error = largest_error(checkpoint, path, beyond(program))
    if not error <= TOLERANCE:
        raise ConversionError(
            f"score.onnx: seen a relative error of {error:.1e} against PyTorch, "
            f"expected at most {TOLERANCE:.0e}"
        )
    return error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own progress; the comparison is what tells."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def without_metadata(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the exporter's record of where each value comes from: it has this machine's paths."""
    graph = model.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    del graph.metadata_props[:], model.metadata_props[:]
    return model


def beyond(program: torch.export.ExportedProgram) -> list[int]:
    """Batches past the largest that the trace holds for, where the network looks at the batch.

    diffusers' UNet2DModel does, and does the same thing in another way from 64 rows on.
    """
    bounds = [found.upper for found in program.range_constraints.values()]
    return [int(bound) + 1 for bound in bounds if bound < LARGEST_BATCH]


def inputs(checkpoint: Checkpoint, batch: int, t: float) -> tuple[torch.Tensor, ...]:
    """Random x_t, its label and, where the network takes one, its class."""
    x, label = checkpoint.noised(batch, t), checkpoint.label(t).repeat(batch)
    return x, label, *checkpoint.class_tensors(batch)


def run(path: Path) -> Callable[..., np.ndarray]:
    """The file as a function of x, label and class (if it takes one), in ONNX Runtime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def evaluate(*tensors: torch.Tensor) -> np.ndarray:
        names = (INPUT, TIME, CLASS)[: len(tensors)]
        feeds = {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}
        return session.run(None, feeds)[0]

    return evaluate


@torch.no_grad()
def largest_error(checkpoint: Checkpoint, path: Path, larger: Sequence[int] = ()) -> float:
    """The largest relative error of the file, over the times and two batches.

    larger: batches to compare in besides, at the last time.
    """
    evaluate, worst = run(path), 0.0
    cases = [(t, batch) for t in checkpoint.times for batch in BATCHES]
    for t, batch in [*cases, *((checkpoint.times[-1], batch) for batch in larger)]:
        given = inputs(checkpoint, batch, t)
        expected = checkpoint.network(*given).numpy()
        error = float(np.abs(evaluate(*given) - expected).max() / np.abs(expected).max())
        worst = max(worst, error if np.isfinite(error) else np.inf)
    return worst
