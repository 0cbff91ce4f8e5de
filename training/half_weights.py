"""Weights in half the bytes: stored as float16, computed with as float32.

A Cast stands between each stored weight and the operators that use it. ONNX Runtime
folds it away when it loads the graph, so that an evaluation costs what it did.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 256  # values; smaller constants stay float32
LARGEST = float(np.finfo(np.float16).max)


@torch.no_grad()
def round_weights(network: torch.nn.Module) -> None:
    """Round every parameter of SMALLEST values or more to float16, in place.

    Raises OverflowError for a weight beyond float16's range.
    """
    for name, weight in network.named_parameters():
        if weight.numel() >= SMALLEST:
            if not weight.abs().max() <= LARGEST:
                raise OverflowError(f"{name}: {weight.abs().max():g} is more than {LARGEST:g}")
            weight.copy_(weight.half().float())


def store_weights_as_float16(model: onnx.ModelProto) -> None:
    """Store each float32 initializer of SMALLEST values or more as float16, in
    place. The names, shapes and types that the operators see stay."""
    casts = []
    for tensor in model.graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or weight.size < SMALLEST:
            continue
        name, stored = tensor.name, f"{tensor.name}.float16"
        tensor.CopyFrom(numpy_helper.from_array(weight.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
