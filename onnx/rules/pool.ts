import { unsupported } from "../differentiation-error.ts";
import { div, mul } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import { castTo, reshapedTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { linear } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** The places of the maxima, as indices into the flat input: the node once more where it doesn't give them. */
export function maxPoolIndices(node: GraphNode, graph: Emitter): string {
  if (intOf(node, "storage_order", 0) !== 0) {
    throw unsupported(node, graph.opset, "indices in column order");
  }
  const given = outputOf(node, 1);
  return given === ""
    ? (graph.again({ ...node, output: ["y", "indices"] }, node.input)[1] ?? "")
    : given;
}

const maxPool: ForwardRule = (node, [dx], graph) => {
  if (dx === undefined) return [undefined];
  const flat = reshapedTo(graph, dx, [-1]);
  return [graph.node("Gather", [flat, maxPoolIndices(node, graph)])];
};

/** The mean tangent of the pixels that are the maximum. */
const globalMaxPool: ForwardRule = (node, [dx], graph) => {
  const x = inputOf(node);
  const { shape, type = "float32" } = graph.fact(x);
  if (shape === undefined)
    throw unsupported(node, graph.opset, "the rank of its input is not known");
  if (dx === undefined) return [undefined];
  const axes = shape.map((_, axis) => axis).slice(2);
  const mask = castTo(graph, graph.node("Equal", [x, outputOf(node)]), type);
  const sum = (value: string): string => reduce(graph, "ReduceSum", value, axes, true);
  return [div(graph, sum(mul(graph, mask, dx)), sum(mask))];
};

export const pools: OperatorRules = {
  AveragePool: { forward: linear },
  GlobalAveragePool: { forward: linear },
  MaxPool: { forward: maxPool },
  GlobalMaxPool: { forward: globalMaxPool },
};
