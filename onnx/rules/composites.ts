import type { CompositeOperator } from "../composites/composite.ts";
import { mul, shifted, sub, total } from "../emit/arithmetic.ts";
import { sumTo } from "../emit/broadcast.ts";
import { reduce } from "../emit/reduce.ts";
import { reshapedLike, reshapedTo, targetShape } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode } from "../node-attributes.ts";
import {
  type NormalizationParts,
  normalizationParts,
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
 * y = n w, n = r c the normalised x: as factor c with factor = w r. The tangent is factor (dx - level - slope c):
 * few numbers' products are made first, so each element costs two products and two differences.
 */
const scaledGroupNormalization: ForwardRule = (node, [dx, dScale], graph) => {
  const grid = gridOf(node, graph);
  const terms = [dx && normalized(grid, dx, graph), dScale && scaleTangent(grid, dScale, graph)];
  const sum = total(graph, terms);
  return [sum && reshapedLike(graph, sum, outputOf(node))];
};

/** x in the layout [N, groups, channels of a group, picture], rows [N, groups, 1, L] for sums over all of a group. */
interface Grid {
  readonly rows: (value: string) => string;
  readonly cells: (value: string) => string;
  /** Of one number a channel. */
  readonly weights: (value: string) => string;
  readonly parts: NormalizationParts;
  /** w r. */
  readonly factor: string;
}

function gridOf(node: GraphNode, graph: Emitter): Grid {
  const grouped = inputOf(node, 2);
  const groups = Number(graph.fact(grouped).shape?.[1]);
  const perGroup = Number(graph.fact(outputOf(node)).shape?.[1]) / groups;
  const rows = (value: string): string => reshapedTo(graph, value, [0, groups, 1, -1]);
  const weights = (value: string): string => reshapedTo(graph, value, [-1, groups, perGroup, 1]);
  const parts = normalizationParts(graph, rows(inputOf(node)), floatOf(node, "epsilon", 1e-5));
  return {
    rows,
    cells: (value) => reshapedTo(graph, value, [0, groups, perGroup, -1]),
    weights,
    parts,
    factor: mul(graph, weights(inputOf(node, 1)), parts.inverseStd),
  };
}

/** y in cells. */
function scaledCells({ cells, parts, factor }: Grid, graph: Emitter): string {
  return mul(graph, cells(parts.centered), factor);
}

function normalized(grid: Grid, dx: string, graph: Emitter): string {
  const { rows, cells, parts, factor } = grid;
  const { level, slope } = normalizationSlope(graph, parts, rows(dx));
  const free = sub(
    graph,
    mul(graph, cells(dx), factor),
    mul(graph, scaledCells(grid, graph), slope),
  );
  return sub(graph, free, mul(graph, factor, level));
}

function scaleTangent({ cells, parts, weights }: Grid, dScale: string, graph: Emitter): string {
  const n = mul(graph, cells(parts.centered), parts.inverseStd);
  return mul(graph, n, weights(dScale));
}

/** The same with u = factor dy in place of factor dx, the sums over a group's channels taken of u. */
const scaledGroupNormalizationBack: ReverseRule = (node, [dy], [x, scale], graph) => {
  if (dy === undefined) return [];
  const grid = gridOf(node, graph);
  return [
    x ? reshapedLike(graph, inputCotangent(grid, dy, graph), inputOf(node)) : undefined,
    scale ? scaleCotangent(node, grid, dy, graph) : undefined,
  ];
};

function inputCotangent({ rows, cells, parts, factor }: Grid, dy: string, graph: Emitter): string {
  const u = rows(mul(graph, cells(dy), factor));
  const { level, slope } = normalizationSlope(graph, parts, u);
  return sub(graph, sub(graph, u, level), mul(graph, parts.centered, slope));
}

/** Sums of dy n, n = r c, over the picture: r has one number a group, so it comes after the sum. */
function scaleCotangent(node: GraphNode, grid: Grid, dy: string, graph: Emitter): string {
  const { cells, parts } = grid;
  const products = mul(graph, cells(dy), cells(parts.centered));
  const sums = mul(graph, reduce(graph, "ReduceSum", products, [-1], true), parts.inverseStd);
  const { shape = [] } = graph.fact(outputOf(node));
  const [, channels, ...picture] = shape;
  const perChannel = reshapedTo(graph, sums, [-1, Number(channels), ...picture.map(() => 1)]);
  return sumTo(graph, perChannel, inputOf(node, 1));
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
      const cells = scaledCells(gridOf(node, graph), graph);
      graph.define(outputOf(node), "Reshape", [cells, targetShape(graph, outputOf(node))]);
    },
  },
};
