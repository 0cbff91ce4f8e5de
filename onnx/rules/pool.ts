import { unsupported } from "../differentiation-error.ts";
import { div, mul, scaled, total } from "../emit/arithmetic.ts";
import { putBack, SCATTER_ADDS_SINCE } from "../emit/moved.ts";
import { reduce } from "../emit/reduce.ts";
import { castTo, expandedLike, reshapedTo } from "../emit/shape.ts";
import { strided } from "../emit/slice.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { averagePool } from "./average-pool.ts";
import { type Transpose, transposable } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules, ReverseRule } from "./rule.ts";
import { pictureAxes, reachOf, slideOf } from "./window.ts";

/** The places of the maxima, as indices into the flat input: the node once more where it doesn't give them. */
export function maxPoolIndices(node: GraphNode, graph: Emitter): string {
  if (intOf(node, "storage_order", 0) !== 0) {
    throw unsupported(node, graph.opset, "indices in column order");
  }
  const given = outputOf(node, 1);
  return given === ""
    ? (graph.again({ ...node, output: ["y", "indices"] }, node.input)[1] ?? "")
    : given;
}

const maxPool: ForwardRule = (node, [dx], graph) => {
  if (dx === undefined) return [undefined];
  const flat = reshapedTo(graph, dx, [-1]);
  return [graph.node("Gather", [flat, maxPoolIndices(node, graph)])];
};

/** Each maximum's cotangent to its place; windows that overlap can have it in common. */
const maxPoolBack: ReverseRule = (node, [dy], _, graph) => {
  if (dy === undefined) return [];
  const x = inputOf(node);
  const places = maxPoolIndices(node, graph);
  const { window } = slideOf(node, graph, { wide: x, slid: outputOf(node), weights: "" });
  // Windows this many steps apart have no element in common.
  const apart = window.strides.map((stride, axis) => Math.ceil(reachOf(window, axis) / stride));
  const isDistinct = apart.every((steps) => steps === 1);
  if (isDistinct || graph.opset >= SCATTER_ADDS_SINCE) {
    return [putBack(graph, dy, places, x, isDistinct)];
  }
  const axes = pictureAxes(window);
  const parts = gridPoints(apart).map((starts) => {
    const [values, where] = [dy, places].map((value) => strided(graph, value, axes, starts, apart));
    return putBack(graph, values ?? "", where ?? "", x, true);
  });
  return [total(graph, parts)];
};

/** All lists of integers from 0 to below each of the lengths. */
function gridPoints(lengths: readonly number[]): readonly (readonly number[])[] {
  return lengths.reduce<readonly (readonly number[])[]>(
    (points, length) =>
      points.flatMap((point) => Array.from({ length }, (_, index) => [...point, index])),
    [[]],
  );
}

/** The axes of the picture. @throws DifferentiationError where the rank is not known */
function pictureOf(node: GraphNode, graph: Emitter): readonly number[] {
  const { shape } = graph.fact(inputOf(node));
  if (shape === undefined) {
    throw unsupported(node, graph.opset, "the rank of its input is not known");
  }
  return shape.map((_, axis) => axis).slice(2);
}

/** Where the pixels are the maximum, and how many are: as numbers. */
function maxima(
  node: GraphNode,
  graph: Emitter,
): { readonly mask: string; readonly count: string } {
  const x = inputOf(node);
  const isMaximum = graph.node("Equal", [x, outputOf(node)]);
  const mask = castTo(graph, isMaximum, graph.fact(x).type ?? "float32");
  return { mask, count: reduce(graph, "ReduceSum", mask, pictureOf(node, graph), true) };
}

/** The mean tangent of the pixels that are the maximum. */
const globalMaxPool: ForwardRule = (node, [dx], graph) => {
  if (dx === undefined) return [undefined];
  const { mask, count } = maxima(node, graph);
  const sum = reduce(graph, "ReduceSum", mul(graph, mask, dx), pictureOf(node, graph), true);
  return [div(graph, sum, count)];
};

const globalMaxPoolBack: ReverseRule = (node, [dy], _, graph) => {
  if (dy === undefined) return [];
  const { mask, count } = maxima(node, graph);
  return [mul(graph, mask, div(graph, dy, count))];
};

const globalAveragePool: Transpose = (cotangent, node, graph) => {
  const x = inputOf(node);
  const { shape, type = "float32" } = graph.fact(x);
  const picture = shape?.slice(2);
  const known = picture?.filter((length) => typeof length === "number");
  if (picture !== undefined && known?.length === picture.length) {
    const share = 1 / known.reduce((product, length) => product * length, 1);
    return expandedLike(graph, scaled(graph, share, cotangent), x);
  }
  const [all, means] = [x, outputOf(node)].map((value) => graph.node("Size", [value]));
  const count = castTo(graph, div(graph, all ?? "", means ?? ""), type);
  return expandedLike(graph, div(graph, cotangent, count), x);
};

export const pools: OperatorRules = {
  AveragePool: transposable(averagePool),
  GlobalAveragePool: transposable(globalAveragePool),
  MaxPool: { forward: maxPool, reverse: maxPoolBack },
  GlobalMaxPool: { forward: globalMaxPool, reverse: globalMaxPoolBack },
};
