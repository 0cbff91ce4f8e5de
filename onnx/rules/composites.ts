import type { CompositeOperator } from "../composites/composite.ts";
import { mul, shifted, sub, total } from "../emit/arithmetic.ts";
import { sumTo } from "../emit/broadcast.ts";
import { reduce } from "../emit/reduce.ts";
import { reshapedLike, reshapedTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode } from "../node-attributes.ts";
import {
  type NormalizationParts,
  normalizationParts,
  normalizationShare,
  normalizationSlope,
} from "./normalization-parts.ts";
import { type Diagonal, inputOf, outputOf, unary } from "./pointwise.ts";
import type { ForwardRule, OperatorRule, ReverseRule } from "./rule.ts";

/** y = x s, s = sigmoid(x): y' = s - y (s - 1), four operations where the rules of Mul and Sigmoid take six. */
const swish: Diagonal = (v, node, graph) => {
  const s = inputOf(node, 1);
  return mul(graph, v, sub(graph, s, mul(graph, outputOf(node), shifted(graph, -1, s))));
};

/**
 * y = n w, n = r c the normalised x: as c times factor = w r, one number a channel. The tangent is factor times what
 * dx has not in common with c and 1 (`normalizationShare`).
 */
const scaledGroupNormalization: ForwardRule = (node, [dx, dScale], graph) => {
  const grid = gridOf(node, graph);
  const terms = [dx && normalized(grid, dx, graph), dScale && scaleTangent(grid, dScale, graph)];
  return [total(graph, terms)];
};

interface Grid {
  /** All of a group in one row, [N, groups, 1, L]. */
  readonly rows: (value: string) => string;
  /** One number a channel, [N, groups, channels of a group, 1]. */
  readonly weights: (value: string) => string;
  /** The same in the rank of x, [N, C, 1, ...]. */
  readonly channels: (weights: string) => string;
  /** Rows in the shape of x. */
  readonly whole: (value: string) => string;
  /** Of x in rows. */
  readonly parts: NormalizationParts;
  /** w r, in the rank of x. */
  readonly factor: string;
}

function gridOf(node: GraphNode, graph: Emitter): Grid {
  const [x, scale, y] = [inputOf(node), inputOf(node, 1), outputOf(node)];
  const groups = Number(graph.fact(inputOf(node, 2)).shape?.[1]);
  const [, channelCount, ...picture] = graph.fact(y).shape ?? [];
  const perGroup = Number(channelCount) / groups;
  const rows = (value: string): string => reshapedTo(graph, value, [0, groups, 1, -1]);
  const weights = (value: string): string => reshapedTo(graph, value, [-1, groups, perGroup, 1]);
  const channels = (value: string): string =>
    reshapedTo(graph, value, [-1, Number(channelCount), ...picture.map(() => 1)]);
  const parts = normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5));
  return {
    rows,
    weights,
    channels,
    whole: (value) => reshapedLike(graph, value, y),
    parts,
    factor: channels(mul(graph, weights(scale), parts.inverseStd)),
  };
}

function normalized({ rows, whole, parts, factor }: Grid, dx: string, graph: Emitter): string {
  const free = sub(graph, dx, whole(normalizationShare(graph, parts, rows(dx))));
  return mul(graph, free, factor);
}

function scaleTangent(grid: Grid, dScale: string, graph: Emitter): string {
  const { weights, channels, whole, parts } = grid;
  const factor = channels(mul(graph, weights(dScale), parts.inverseStd));
  return mul(graph, whole(parts.centered), factor);
}

/** The same with u = factor dy in place of dx, and no factor after it. */
const scaledGroupNormalizationBack: ReverseRule = (node, [dy], [x, scale], graph) => {
  if (dy === undefined) return [];
  const grid = gridOf(node, graph);
  return [
    x ? inputCotangent(grid, dy, graph) : undefined,
    scale ? scaleCotangent(node, grid, dy, graph) : undefined,
  ];
};

function inputCotangent({ rows, whole, parts, factor }: Grid, dy: string, graph: Emitter): string {
  const u = rows(mul(graph, dy, factor));
  const { level, slope } = normalizationSlope(graph, parts, u);
  return whole(sub(graph, sub(graph, u, level), mul(graph, parts.centered, slope)));
}

/** Sums of dy n, n = r c, over the picture: r has one number a group, so it comes after the sum. */
function scaleCotangent(node: GraphNode, grid: Grid, dy: string, graph: Emitter): string {
  const { weights, channels, whole, parts } = grid;
  const axes = (graph.fact(outputOf(node)).shape ?? []).map((_, axis) => axis).slice(2);
  const sums = reduce(graph, "ReduceSum", mul(graph, dy, whole(parts.centered)), axes, true);
  return sumTo(graph, channels(mul(graph, weights(sums), parts.inverseStd)), inputOf(node, 1));
}

export const COMPOSITES: Readonly<Record<CompositeOperator, OperatorRule>> = {
  // The second input, the sigmoid, is in the derivative already.
  Swish: {
    forward: unary(swish).forward,
    reverse: (node, [dy], _, graph) => [dy && swish(dy, node, graph)],
  },
  ScaledGroupNormalization: {
    forward: scaledGroupNormalization,
    reverse: scaledGroupNormalizationBack,
    primal(node, graph) {
      const { whole, parts, factor } = gridOf(node, graph);
      graph.define(node.output, "Mul", [whole(parts.centered), factor]);
    },
  },
};
