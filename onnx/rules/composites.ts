import type { CompositeOperator } from "../composites/composite.ts";
import { mul, shifted, sub, total } from "../emit/arithmetic.ts";
import { expandedLike, reshapedLike, reshapedTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode } from "../node-attributes.ts";
import { normalizationParts, normalizationSlope } from "./normalization-parts.ts";
import { type Diagonal, inputOf, outputOf, unary } from "./pointwise.ts";
import type { ForwardRule, OperatorRule } from "./rule.ts";

/** y = x s, s = sigmoid(x): y' = s - y (s - 1), four operations where the rules of Mul and Sigmoid take six. */
const swish: Diagonal = (v, node, graph) => {
  const s = inputOf(node, 1);
  return mul(graph, v, sub(graph, s, mul(graph, outputOf(node), shifted(graph, -1, s))));
};

/**
 * y = n w, with the tangent w r (dx - level - slope c): r, w, level and slope are few numbers, so their products are
 * made first and each element costs two products and two differences.
 */
const scaledGroupNormalization: ForwardRule = (node, [dx, dScale], graph) => {
  const scaleTerm = dScale && mul(graph, inputOf(node, 3), dScale);
  const sum = total(graph, [dx && normalized(node, dx, graph), scaleTerm]);
  return [sum && expandedLike(graph, sum, outputOf(node))];
};

/** The tangent of x through n, times w. Groups of channels are rows [N, groups, 1, L] for sums over all of a group. */
function normalized(node: GraphNode, dx: string, graph: Emitter): string {
  const [scale, grouped] = [inputOf(node, 1), inputOf(node, 2)];
  const groups = Number(graph.fact(grouped).shape?.[1]);
  const channels = Number(graph.fact(outputOf(node)).shape?.[1]);
  const rows = (value: string): string => reshapedTo(graph, value, [0, groups, 1, -1]);
  const perChannel = (value: string): string =>
    reshapedTo(graph, value, [0, groups, channels / groups, -1]);

  const parts = normalizationParts(graph, rows(grouped), floatOf(node, "epsilon", 1e-5));
  const { level, slope } = normalizationSlope(graph, parts, rows(dx));
  const weights = reshapedTo(graph, scale, [-1, groups, channels / groups, 1]);
  const factor = mul(graph, weights, parts.inverseStd);
  const free = sub(
    graph,
    mul(graph, perChannel(dx), factor),
    mul(graph, perChannel(parts.centered), mul(graph, factor, slope)),
  );
  return reshapedLike(graph, sub(graph, free, mul(graph, factor, level)), inputOf(node));
}

export const COMPOSITES: Readonly<Record<CompositeOperator, OperatorRule>> = {
  Swish: unary(swish),
  ScaledGroupNormalization: { forward: scaledGroupNormalization },
};
