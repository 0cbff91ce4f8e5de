import { mul, sub } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules, ReverseRule } from "./rule.ts";

function sumOverAxis(node: GraphNode, value: string, graph: Emitter): string {
  return reduce(graph, "ReduceSum", value, [intOf(node, "axis", -1)], true);
}

/** dy = y (dx - sum y dx). */
const softmax: ForwardRule = (node, [x], graph) => {
  if (x === undefined) return [undefined];
  const y = outputOf(node);
  const weighted = mul(graph, y, x);
  return [sub(graph, weighted, mul(graph, y, sumOverAxis(node, weighted, graph)))];
};

/** dy = dx - sum e^y dx. */
const logSoftmax: ForwardRule = (node, [x], graph) => {
  if (x === undefined) return [undefined];
  const weighted = mul(graph, graph.node("Exp", [outputOf(node)]), x);
  return [sub(graph, x, sumOverAxis(node, weighted, graph))];
};

/** dx = dy - e^y sum dy. */
const logSoftmaxBack: ReverseRule = (node, [y], _, graph) => {
  if (y === undefined) return [undefined];
  const weights = graph.node("Exp", [outputOf(node)]);
  return [sub(graph, y, mul(graph, weights, sumOverAxis(node, y, graph)))];
};

export const softmaxes: OperatorRules = {
  // The derivative of a softmax is a symmetric matrix.
  Softmax: {
    forward: softmax,
    reverse: (node, cotangents, _, graph) => softmax(node, cotangents, graph),
  },
  LogSoftmax: { forward: logSoftmax, reverse: logSoftmaxBack },
};
