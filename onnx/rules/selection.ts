import { scalar } from "../emit/constant.ts";
import { expandedLike } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type Diagonal, inputOf, outputOf, pointwise } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

/** v where the condition holds, else 0. */
function kept(graph: Emitter, condition: string, v: string): string {
  return graph.node("Where", [condition, v, scalar(graph, 0, v)]);
}

/** Where(condition, a, b): of both tangents in one operation. */
const where: OperatorRule = {
  ...pointwise((i) => (v, node, graph) => {
    const zero = scalar(graph, 0, v);
    return graph.node("Where", i === 1 ? [inputOf(node), v, zero] : [inputOf(node), zero, v]);
  }),
  forward(node, [, a, b], graph) {
    const zero = scalar(graph, 0, outputOf(node));
    const chosen = graph.node("Where", [inputOf(node), a ?? zero, b ?? zero]);
    return [expandedLike(graph, chosen, outputOf(node))];
  },
};

/** Clip(x, low, high): x's derivative where y is x, the bounds' where x is beyond them. */
const CLIP: readonly Diagonal[] = [
  (v, node, graph) => kept(graph, graph.node("Equal", [inputOf(node), outputOf(node)]), v),
  (v, node, graph) => kept(graph, graph.node("Less", [inputOf(node), inputOf(node, 1)]), v),
  (v, node, graph) => kept(graph, graph.node("Greater", [inputOf(node), inputOf(node, 2)]), v),
];

/** Of Max and Min: the first input that is the extreme has the derivative, so that equal ones don't count twice. */
const extreme =
  (input: number): Diagonal =>
  (v, node, graph) => {
    const isExtreme = (i: number): string =>
      graph.node("Equal", [inputOf(node, i), outputOf(node)]);
    const earlier = node.input.slice(0, input).map((_, i) => graph.node("Not", [isExtreme(i)]));
    const first = earlier.reduce((all, not) => graph.node("And", [all, not]), isExtreme(input));
    return kept(graph, first, v);
  };

export const selection: OperatorRules = {
  Where: where,
  Clip: pointwise((i) => CLIP[i] ?? (() => undefined)),
  Max: pointwise(extreme),
  Min: pointwise(extreme),
};
