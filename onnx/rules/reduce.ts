import { unsupported } from "../differentiation-error.ts";
import { div, mul, scaled, sub } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import { castTo, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { reducedAxes } from "../shape-inference/reduce.ts";
import { linear } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** The axes that a reduction reduces, counted from the front. @throws DifferentiationError where they are not known */
export function axesReducedBy(node: GraphNode, graph: Emitter): readonly number[] {
  const inputs = node.input.map((name) => (name === "" ? undefined : graph.fact(name)));
  const axes = reducedAxes({ node, opset: graph.opset, inputs });
  if (axes !== undefined) return axes;
  throw unsupported(node, graph.opset, "its axes, or the rank of its input, are not known");
}

/** The output with the reduced axes, of length 1. */
export function keptOutput(node: GraphNode, graph: Emitter): string {
  const keeps = intOf(node, "keepdims", 1) === 1;
  return keeps ? outputOf(node) : unsqueezed(graph, outputOf(node), axesReducedBy(node, graph));
}

/** The sum over the axes that a reduction reduces, of the shape of its output. */
function sumLike(node: GraphNode, value: string, graph: Emitter): string {
  const keep = intOf(node, "keepdims", 1) === 1;
  return reduce(graph, "ReduceSum", value, axesReducedBy(node, graph), keep);
}

type Emit = (x: string, dx: string, node: GraphNode, graph: Emitter) => string;

/** From dy as an expression of x and dx. */
const tangent =
  (emit: Emit): ForwardRule =>
  (node, [dx], graph) => {
    if (dx === undefined) throw unsupported(node, graph.opset, "its axes depend on x");
    return [emit(inputOf(node), dx, node, graph)];
  };

/** The mean tangent of the elements that are the extreme. */
const extreme = tangent((x, dx, node, graph) => {
  const isExtreme = graph.node("Equal", [x, keptOutput(node, graph)]);
  const mask = castTo(graph, isExtreme, graph.fact(x).type ?? "float32");
  return div(graph, sumLike(node, mul(graph, mask, dx), graph), sumLike(node, mask, graph));
});

export const reductions: OperatorRules = {
  ReduceSum: { forward: linear },
  ReduceMean: { forward: linear },
  CumSum: { forward: linear },
  ReduceMax: { forward: extreme },
  ReduceMin: { forward: extreme },
  ReduceSumSquare: {
    forward: tangent((x, dx, node, graph) =>
      scaled(graph, 2, sumLike(node, mul(graph, x, dx), graph)),
    ),
  },
  ReduceL1: {
    forward: tangent((x, dx, node, graph) =>
      sumLike(node, mul(graph, graph.node("Sign", [x]), dx), graph),
    ),
  },
  ReduceL2: {
    forward: tangent((x, dx, node, graph) =>
      div(graph, sumLike(node, mul(graph, x, dx), graph), outputOf(node)),
    ),
  },
  /** y = log sum x. */
  ReduceLogSum: {
    forward: tangent((_, dx, node, graph) =>
      div(graph, sumLike(node, dx, graph), graph.node("Exp", [outputOf(node)])),
    ),
  },
  /** y = log sum e^x. */
  ReduceLogSumExp: {
    forward: tangent((x, dx, node, graph) => {
      const weights = graph.node("Exp", [sub(graph, x, keptOutput(node, graph))]);
      return sumLike(node, mul(graph, weights, dx), graph);
    }),
  },
  /** Of factors that are not 0. */
  ReduceProd: {
    forward: tangent((x, dx, node, graph) =>
      mul(graph, outputOf(node), sumLike(node, div(graph, dx, x), graph)),
    ),
  },
};
