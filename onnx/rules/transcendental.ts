import { add, div, minus, mul, neg, scaled, shifted, sub } from "../emit/arithmetic.ts";
import type { Emitter } from "../emitter.ts";
import { type Diagonal, inputOf, outputOf, unary } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

type Emit = (x: string, y: string, graph: Emitter) => string;

/** v f'(x), from f'. */
const times = (derivative: Emit): OperatorRule =>
  unary((v, node, graph) => mul(graph, v, derivative(inputOf(node), outputOf(node), graph)));

/** v / d(x), from d = 1 / f'. */
const over = (divisor: Emit): OperatorRule =>
  unary((v, node, graph) => div(graph, v, divisor(inputOf(node), outputOf(node), graph)));

const squared = (graph: Emitter, a: string): string => mul(graph, a, a);
const apply =
  (operator: string): Emit =>
  (x, _, graph) =>
    graph.node(operator, [x]);
/** sqrt(sign x^2 + number). */
const root =
  (sign: 1 | -1, number: number): Emit =>
  (x, _, graph) =>
    graph.node("Sqrt", [shifted(graph, number, scaled(graph, sign, squared(graph, x)))]);

const negated =
  (emit: Emit): Emit =>
  (x, y, graph) =>
    neg(graph, emit(x, y, graph));

/** 2 / sqrt(pi) exp(-x^2). */
const erf: Emit = (x, _, graph) =>
  scaled(graph, 2 / Math.sqrt(Math.PI), graph.node("Exp", [neg(graph, squared(graph, x))]));

const reciprocal: Diagonal = (v, node, graph) =>
  neg(graph, mul(graph, v, squared(graph, outputOf(node))));

export const transcendental: OperatorRules = {
  Exp: times((_, y) => y),
  Log: over((x) => x),
  Sqrt: over((_, y, graph) => scaled(graph, 2, y)),
  Reciprocal: unary(reciprocal),
  Erf: times(erf),
  Sin: times(apply("Cos")),
  Cos: times(negated(apply("Sin"))),
  Tan: times((_, y, graph) => shifted(graph, 1, squared(graph, y))),
  Asin: over(root(-1, 1)),
  Acos: over(negated(root(-1, 1))),
  Atan: over((x, _, graph) => shifted(graph, 1, squared(graph, x))),
  Sinh: times(apply("Cosh")),
  Cosh: times(apply("Sinh")),
  Asinh: over(root(1, 1)),
  Acosh: over(root(1, -1)),
  Atanh: over((x, _, graph) => minus(graph, 1, squared(graph, x))),
  Sigmoid: times((_, y, graph) => sub(graph, y, squared(graph, y))),
  Tanh: times((_, y, graph) => minus(graph, 1, squared(graph, y))),
  Abs: times(apply("Sign")),
  Softplus: times(apply("Sigmoid")),
  Softsign: times((x, _, graph) => {
    const size = shifted(graph, 1, graph.node("Abs", [x]));
    return graph.node("Reciprocal", [squared(graph, size)]);
  }),
  Mish: times((x, _, graph) => {
    // y = x h, h = tanh(softplus x): y' = h + x (1 - h^2) sigmoid x
    const h = graph.node("Tanh", [graph.node("Softplus", [x])]);
    const slope = mul(graph, minus(graph, 1, squared(graph, h)), graph.node("Sigmoid", [x]));
    return add(graph, h, mul(graph, x, slope));
  }),
};
