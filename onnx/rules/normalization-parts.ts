import { float } from "../attribute.ts";
import { add, div, mul, scaled, sub } from "../emit/arithmetic.ts";
import { rowLength, rowMean, rowProduct } from "../emit/row.ts";
import { reshapedTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";

/**
 * Of a normalisation n = r c over the last axis, of length L: c = x - mean(x), r = 1 / sqrt(variance + epsilon).
 * Values of one number a row have a last axis of length 1.
 */
export interface NormalizationParts {
  readonly x: string;
  readonly mean: string;
  /** c. */
  readonly centered: string;
  /** L (variance + epsilon): the sum of c^2, and L epsilon. */
  readonly energy: string;
  /** r = sqrt(L / energy). */
  readonly inverseStd: string;
}

export function normalizationParts(graph: Emitter, x: string, epsilon: number): NormalizationParts {
  const length = rowLength(graph, x);
  const mean = rowMean(graph, x);
  const centered = sub(graph, x, mean);
  const squares = rowProduct(graph, centered, centered);
  const energy = graph.node("Add", [squares, scaled(graph, epsilon, length)]);
  const inverseStd = graph.node("Sqrt", [div(graph, length, energy)]);
  return { x, mean, centered, energy, inverseStd };
}

/** Of the derivative of n times v, which is r (v - level - slope c). */
export interface NormalizationSlope {
  /** mean(v). */
  readonly level: string;
  /** sum(c v) / energy. */
  readonly slope: string;
}

/** The derivative of n is a symmetric matrix: the same takes a tangent forward and a cotangent back. */
export function normalizationSlope(
  graph: Emitter,
  { centered, energy }: NormalizationParts,
  v: string,
): NormalizationSlope {
  return {
    level: rowMean(graph, v),
    slope: div(graph, rowProduct(graph, centered, v), energy),
  };
}

/**
 * level + slope c, what v has in common with 1 and c: the derivative of n times v is r times the rest of v.
 *
 * In one pass over memory as the batch normalisation of x by its own mean and energy, (c v / |c|) (x - mean) / |c| +
 * level, each row a channel. ONNX Runtime's runs on one thread, as its InstanceNormalization does.
 *
 * @returns in some shape, the elements in the order of v
 */
export function normalizationShare(graph: Emitter, parts: NormalizationParts, v: string): string {
  const { x, mean, centered, energy } = parts;
  const length = graph.fact(x).shape?.at(-1);
  if (typeof length !== "number") {
    const { level, slope } = normalizationSlope(graph, parts, v);
    return add(graph, mul(graph, centered, slope), level);
  }
  const along = div(graph, rowProduct(graph, centered, v), graph.node("Sqrt", [energy]));
  const channels = [along, rowMean(graph, v), mean, energy];
  const flat = channels.map((value) => reshapedTo(graph, value, [-1]));
  const rows = reshapedTo(graph, x, [1, -1, length]);
  return graph.node("BatchNormalization", [rows, ...flat], { epsilon: float(0) });
}

/** The derivative of n times v. @param scale a factor of one number a row; undefined: 1 */
export function normalizationProduct(
  graph: Emitter,
  parts: NormalizationParts,
  v: string,
  scale: string | undefined,
): string {
  const { level, slope } = normalizationSlope(graph, parts, v);
  const free = sub(graph, sub(graph, v, level), mul(graph, parts.centered, slope));
  const factor = scale === undefined ? parts.inverseStd : mul(graph, scale, parts.inverseStd);
  return mul(graph, free, factor);
}
