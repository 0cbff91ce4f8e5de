import { int } from "../attribute.ts";
import { ELEMENT_TYPES } from "../element-type.ts";
import { indices } from "../emit/constant.ts";
import { dimensions } from "../emit/dimensions.ts";
import { transposed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import { tensor } from "../tensor.ts";
import { inputOf, outputOf } from "./pointwise.ts";

/** What a Resize does to an axis. */
export interface Change {
  readonly axis: number;
  /** Its place in the list of scales; undefined where sizes are given. */
  readonly at: number | undefined;
  /** undefined where it is not known. */
  readonly scale: number | undefined;
}

/** `value` times the matrix of weights, along one axis. */
export function alongAxis(node: GraphNode, graph: Emitter, value: string, change: Change): string {
  const weights = weightsOf(node, graph, change);
  const rank = graph.fact(inputOf(node)).shape?.length ?? 0;
  if (change.axis === rank - 1) return graph.node("MatMul", [value, weights]);
  if (change.axis === rank - 2) {
    return graph.node("MatMul", [transposed(graph, weights, [1, 0]), value]);
  }
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const exchanged = axes.with(change.axis, rank - 1).with(rank - 1, change.axis);
  const last = graph.node("MatMul", [transposed(graph, value, exchanged), weights]);
  return transposed(graph, last, exchanged);
}

/** For a picture [1, 1, length, anything]. */
function scalesOf(graph: Emitter, scales: string, at: number, known: number | undefined): string {
  const list = (values: readonly number[]): string =>
    graph.constant(tensor("float32", [values.length], values));
  if (known !== undefined) return list([1, 1, known, 1]);
  const own = graph.node("Gather", [scales, indices(graph, [at])]);
  return graph.node("Concat", [list([1, 1]), own, list([1])], { axis: int(0) });
}

function sizesOf(node: GraphNode, graph: Emitter, axis: number): string {
  const after = dimensions(graph, [1, 1], outputOf(node), [axis]);
  const before = dimensions(graph, [], inputOf(node), [axis]);
  return graph.node("Concat", [after, before], { axis: int(0) });
}

/**
 * The weights along an axis, a row an element of the output: the node itself on the identity matrix, its rows the
 * axis. So they are those of whoever runs the graph, to the bit; ONNX Runtime computes them once, when it loads it.
 */
function weightsOf(node: GraphNode, graph: Emitter, { axis, at, scale }: Change): string {
  const x = inputOf(node);
  const { type = "float32" } = graph.fact(x);
  const square = dimensions(graph, [], x, [axis, axis]);
  const identity = graph.node("EyeLike", [graph.node("ConstantOfShape", [square])], {
    dtype: int(ELEMENT_TYPES[type]),
  });
  const picture = graph.node("Unsqueeze", [identity, indices(graph, [0, 1])]);
  const attribute = node.attribute.filter(({ name }) => name !== "axes");
  const again = (inputs: readonly string[]): string =>
    graph.again({ ...node, attribute, output: ["y"] }, [picture, ...inputs])[0] ?? "";
  const resized =
    at === undefined
      ? again(["", "", sizesOf(node, graph, axis)])
      : again(["", scalesOf(graph, inputOf(node, 2), at, scale)]);
  return graph.node("Squeeze", [resized, indices(graph, [0, 1])]);
}
