import type { Emitter } from "../emitter.ts";
import { mul } from "./arithmetic.ts";
import { indices, scalar } from "./constant.ts";
import { reduce } from "./reduce.ts";
import { castTo, transposed } from "./shape.ts";

/** From this length on, a product of matrices is faster than products and their sum (docs/decisions/0004). */
const LONG_ROW = 512;

/**
 * The sum of a b over the last axis, which stays with length 1.
 *
 * Long rows [..., 1, L] by a product of matrices, [..., 1, L] by [..., L, 1]: it makes no tensor of products.
 *
 * @param a of the shape of b
 */
export function rowProduct(graph: Emitter, a: string, b: string): string {
  const [length, height, ...outer] = graph.fact(a).shape?.toReversed() ?? [];
  if (height !== 1 || typeof length !== "number" || length < LONG_ROW) {
    return reduce(graph, "ReduceSum", mul(graph, a, b), [-1], true);
  }
  const axes = outer.map((_, axis) => axis);
  const column = transposed(graph, b, [...axes, axes.length + 1, axes.length]);
  return graph.node("MatMul", [a, column]);
}

export function rowMean(graph: Emitter, value: string): string {
  return reduce(graph, "ReduceMean", value, [-1], true);
}

/** Length of a value's last axis, as a scalar of its type. */
export function rowLength(graph: Emitter, value: string): string {
  const { shape, type = "float32" } = graph.fact(value);
  const length = shape?.at(-1);
  if (typeof length === "number") return scalar(graph, length, value);
  const last = graph.node("Gather", [graph.node("Shape", [value]), indices(graph, [-1])]);
  return castTo(graph, last, type);
}
