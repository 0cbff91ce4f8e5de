import { div, mul, neg, scaled } from "../emit/arithmetic.ts";
import { constantValues, scalar } from "../emit/constant.ts";
import { castTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import { type Diagonal, inputOf, outputOf, pointwise, unary } from "./pointwise.ts";
import type { OperatorRules } from "./rule.ts";

const same: Diagonal = (v) => v;
const opposite: Diagonal = (v, _, graph) => neg(graph, v);

/** d(a/b)/da = 1/b, d(a/b)/db = -y/b. */
const divide: readonly Diagonal[] = [
  (v, node, graph) => div(graph, v, inputOf(node, 1)),
  (v, node, graph) => neg(graph, div(graph, mul(graph, v, outputOf(node)), inputOf(node, 1))),
];

const multiply: readonly Diagonal[] = [
  (v, node, graph) => mul(graph, v, inputOf(node, 1)),
  (v, node, graph) => mul(graph, v, inputOf(node, 0)),
];

/** d(a^b)/da = b a^(b-1), d(a^b)/db = y log a. */
const power: readonly Diagonal[] = [
  powerInBase,
  (v, node, graph) => mul(graph, v, mul(graph, outputOf(node), graph.node("Log", [inputOf(node)]))),
];

function powerInBase(v: string, node: GraphNode, graph: Emitter): string | undefined {
  const [base, exponent] = [inputOf(node), inputOf(node, 1)];
  const [constant, ...more] = constantValues(graph, exponent) ?? [];
  if (constant === undefined || more.length > 0) {
    const { type = "float32" } = graph.fact(base);
    const real = castTo(graph, exponent, type);
    const less = graph.node("Sub", [real, scalar(graph, 1, base)]);
    return mul(graph, v, mul(graph, real, graph.node("Pow", [base, less])));
  }
  if (constant === 0) return undefined;
  if (constant === 1) return v;
  if (constant === 2) return mul(graph, v, scaled(graph, 2, base));
  if (constant === 0.5) return div(graph, v, scaled(graph, 2, outputOf(node)));
  const lower = graph.node("Pow", [base, scalar(graph, constant - 1, base)]);
  return mul(graph, v, scaled(graph, constant, lower));
}

export const arithmetic: OperatorRules = {
  Add: pointwise(() => same),
  Sub: pointwise((i) => (i === 0 ? same : opposite)),
  Mul: pointwise((i) => multiply[i] ?? same),
  Div: pointwise((i) => divide[i] ?? same),
  Pow: pointwise((i) => power[i] ?? same),
  Neg: unary(opposite),
  Sum: pointwise(() => same),
  Mean: pointwise(() => (v, node, graph) => scaled(graph, 1 / node.input.length, v)),
};
