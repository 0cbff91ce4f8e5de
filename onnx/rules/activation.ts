import { add, minus, mul, scaled, shifted } from "../emit/arithmetic.ts";
import { scalar } from "../emit/constant.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, stringOf } from "../node-attributes.ts";
import { type Diagonal, inputOf, outputOf, pointwise, unary } from "./pointwise.ts";
import type { OperatorRules } from "./rule.ts";

/** Whether a value is above a number, as booleans. */
function above(graph: Emitter, value: string, number: number): string {
  return graph.node("Greater", [value, scalar(graph, number, value)]);
}

/** v where x > 0, else v times what `below` gives. The derivative at 0 is that of x < 0, PyTorch's choice. */
function piecewise(below: (node: GraphNode, graph: Emitter) => string): Diagonal {
  return (v, node, graph) => {
    const scaledBelow = mul(graph, v, below(node, graph));
    return graph.node("Where", [above(graph, inputOf(node), 0), v, scaledBelow]);
  };
}

/** v where a condition holds, else 0. */
function masked(condition: (node: GraphNode, graph: Emitter) => string): Diagonal {
  return (v, node, graph) => graph.node("Where", [condition(node, graph), v, scalar(graph, 0, v)]);
}

const relu = masked((node, graph) => above(graph, outputOf(node), 0));

const leakyRelu = piecewise((node, graph) =>
  scalar(graph, floatOf(node, "alpha", 0.01), inputOf(node)),
);

/** y = alpha (e^x - 1): y' = y + alpha. */
const elu = piecewise((node, graph) => shifted(graph, floatOf(node, "alpha", 1), outputOf(node)));

/** y = alpha (e^(x / alpha) - 1): y' = y / alpha + 1. */
const celu = piecewise((node, graph) =>
  shifted(graph, 1, scaled(graph, 1 / floatOf(node, "alpha", 1), outputOf(node))),
);

/** gamma times an Elu. */
const selu: Diagonal = (v, node, graph) => {
  const alpha = floatOf(node, "alpha", 1.6732631921768188);
  const gamma = floatOf(node, "gamma", 1.0507010221481323);
  const below = mul(graph, v, shifted(graph, alpha * gamma, outputOf(node)));
  return graph.node("Where", [above(graph, inputOf(node), 0), scaled(graph, gamma, v), below]);
};

/** In the slope of a PRelu: x where x < 0. */
const preluSlope: Diagonal = (v, node, graph) =>
  mul(graph, v, graph.node("Min", [inputOf(node), scalar(graph, 0, v)]));

/** y = clip(alpha x + beta, 0, 1). */
const hardSigmoid: Diagonal = (v, node, graph) => {
  const y = outputOf(node);
  const inside = graph.node("And", [
    above(graph, y, 0),
    graph.node("Less", [y, scalar(graph, 1, y)]),
  ]);
  const slope = scaled(graph, floatOf(node, "alpha", 0.2), v);
  return graph.node("Where", [inside, slope, scalar(graph, 0, v)]);
};

/** y = x clip(x / 6 + 1 / 2, 0, 1): 0 below -3, 1 above 3, x / 3 + 1 / 2 between. */
const hardSwish: Diagonal = (v, node, graph) => {
  const x = inputOf(node);
  const inner = mul(graph, v, shifted(graph, 0.5, scaled(graph, 1 / 3, x)));
  const left = graph.node("Where", [above(graph, x, -3), inner, scalar(graph, 0, v)]);
  return graph.node("Where", [above(graph, x, 3), v, left]);
};

const gelu: Diagonal = (v, node, graph) => {
  const isTanh = stringOf(node, "approximate", "none") === "tanh";
  return mul(
    graph,
    v,
    isTanh ? geluTanhSlope(inputOf(node), graph) : geluSlope(inputOf(node), graph),
  );
};

/** y = x P(x), P the normal distribution's cumulative function: y' = P + x p. */
function geluSlope(x: string, graph: Emitter): string {
  const erf = graph.node("Erf", [scaled(graph, Math.SQRT1_2, x)]);
  const cumulative = scaled(graph, 0.5, shifted(graph, 1, erf));
  const exponent = scaled(graph, -0.5, mul(graph, x, x));
  const density = scaled(graph, 1 / Math.sqrt(2 * Math.PI), graph.node("Exp", [exponent]));
  return add(graph, cumulative, mul(graph, x, density));
}

/** y = x (1 + h) / 2, h = tanh(k (x + c x^3)): y' = (1 + h) / 2 + x (1 - h^2) k (1 + 3 c x^2) / 2. */
function geluTanhSlope(x: string, graph: Emitter): string {
  const [k, c] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = mul(graph, x, x);
  const inner = mul(graph, x, shifted(graph, k, scaled(graph, k * c, square)));
  const h = graph.node("Tanh", [inner]);
  const slope = shifted(graph, k, scaled(graph, 3 * k * c, square));
  const curve = mul(graph, mul(graph, x, minus(graph, 1, mul(graph, h, h))), slope);
  return scaled(graph, 0.5, add(graph, shifted(graph, 1, h), curve));
}

const thresholdedRelu = masked((node, graph) =>
  above(graph, inputOf(node), floatOf(node, "alpha", 1)),
);

export const activation: OperatorRules = {
  Relu: unary(relu),
  LeakyRelu: unary(leakyRelu),
  PRelu: pointwise((i) => (i === 0 ? piecewise((node) => inputOf(node, 1)) : preluSlope)),
  Elu: unary(elu),
  Celu: unary(celu),
  Selu: unary(selu),
  HardSigmoid: unary(hardSigmoid),
  HardSwish: unary(hardSwish),
  Gelu: unary(gelu),
  ThresholdedRelu: unary(thresholdedRelu),
};
