import { int, named } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { div, mul, scaled, sub } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import { castTo, expandedLike, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { reducedAxes } from "../shape-inference/reduce.ts";
import { type Transpose, transposable } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

/** The axes that a reduction reduces, counted from the front. @throws DifferentiationError where they are not known */
export function axesReducedBy(node: GraphNode, graph: Emitter): readonly number[] {
  const inputs = node.input.map((name) => (name === "" ? undefined : graph.fact(name)));
  const axes = reducedAxes({ node, opset: graph.opset, inputs });
  if (axes !== undefined) return axes;
  throw unsupported(node, graph.opset, "its axes, or the rank of its input, are not known");
}

/** The output with the reduced axes, of length 1. */
export function keptOutput(node: GraphNode, graph: Emitter): string {
  return withKeptAxes(node, outputOf(node), graph);
}

/** A value of the output's shape with the reduced axes, of length 1. */
function withKeptAxes(node: GraphNode, value: string, graph: Emitter): string {
  const keeps = intOf(node, "keepdims", 1) === 1;
  return keeps ? value : unsqueezed(graph, value, axesReducedBy(node, graph));
}

/** The sum over the axes that a reduction reduces, of the shape of its output. */
function sumLike(node: GraphNode, value: string, graph: Emitter): string {
  const keep = intOf(node, "keepdims", 1) === 1;
  return reduce(graph, "ReduceSum", value, axesReducedBy(node, graph), keep);
}

/** A value times a factor, element by element, broadcasting. */
type Factor = (value: string, node: GraphNode, graph: Emitter) => string;

const one: Factor = (value) => value;

/**
 * Rules of a reduction whose derivative is a weighted sum, dy = outer(sum of inner(dx)): back, inner(outer(w)).
 *
 * @param inner the factor of each element of x
 * @param outer the factor of each element of y
 */
function weighted(inner: Factor, outer: Factor = one): OperatorRule {
  return {
    forward(node, [dx], graph) {
      if (dx === undefined) throw unsupported(node, graph.opset, "its axes depend on x");
      return [outer(sumLike(node, inner(dx, node, graph), graph), node, graph)];
    },
    reverse(node, [cotangent], _, graph) {
      if (cotangent === undefined) return [];
      const kept = withKeptAxes(node, outer(cotangent, node, graph), graph);
      return [expandedLike(graph, inner(kept, node, graph), inputOf(node))];
    },
  };
}

const timesX: Factor = (value, node, graph) => mul(graph, inputOf(node), value);

/** The elements that are the extreme share its derivative. */
const extreme: OperatorRule = weighted(
  (value, node, graph) => mul(graph, extremeMask(node, graph), value),
  (value, node, graph) => div(graph, value, sumLike(node, extremeMask(node, graph), graph)),
);

function extremeMask(node: GraphNode, graph: Emitter): string {
  const x = inputOf(node);
  const isExtreme = graph.node("Equal", [x, keptOutput(node, graph)]);
  return castTo(graph, isExtreme, graph.fact(x).type ?? "float32");
}

const sum: Transpose = (cotangent, node, graph) =>
  expandedLike(graph, withKeptAxes(node, cotangent, graph), inputOf(node));

const mean: Transpose = (cotangent, node, graph) => {
  const x = inputOf(node);
  const lengths = axesReducedBy(node, graph).map((axis) => graph.fact(x).shape?.[axis]);
  const known = lengths.filter((length) => typeof length === "number");
  if (known.length === lengths.length) {
    const count = known.reduce((product, length) => product * length, 1);
    return sum(scaled(graph, 1 / count, cotangent), node, graph);
  }
  const sizes = [x, outputOf(node)].map((value) => graph.node("Size", [value]));
  const count = castTo(graph, graph.node("Div", sizes), graph.fact(x).type ?? "float32");
  return sum(div(graph, cotangent, count), node, graph);
};

/** The sums from the other end. */
const cumSum: Transpose = (cotangent, node, graph) => {
  const reverse = int(1 - intOf(node, "reverse", 0));
  const others = node.attribute.filter(({ name }) => name !== "reverse");
  const opposite = { ...node, attribute: [...others, named("reverse", reverse)] };
  return graph.again(opposite, [cotangent, inputOf(node, 1)])[0] ?? "";
};

export const reductions: OperatorRules = {
  ReduceSum: transposable(sum),
  ReduceMean: transposable(mean),
  CumSum: transposable(cumSum),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceSumSquare: weighted(timesX, (value, _, graph) => scaled(graph, 2, value)),
  ReduceL1: weighted((value, node, graph) =>
    mul(graph, graph.node("Sign", [inputOf(node)]), value),
  ),
  ReduceL2: weighted(timesX, (value, node, graph) => div(graph, value, outputOf(node))),
  /** y = log sum x. */
  ReduceLogSum: weighted(one, (value, node, graph) =>
    div(graph, value, graph.node("Exp", [outputOf(node)])),
  ),
  /** y = log sum e^x. */
  ReduceLogSumExp: weighted((value, node, graph) => {
    const weights = graph.node("Exp", [sub(graph, inputOf(node), keptOutput(node, graph))]);
    return mul(graph, weights, value);
  }),
  /** Of factors that are not 0. */
  ReduceProd: weighted(
    (value, node, graph) => div(graph, value, inputOf(node)),
    (value, node, graph) => mul(graph, outputOf(node), value),
  ),
};
