import type { Dimension } from "../value-info.ts";

/** A sum, where it is a number or a name. */
export function plus(a: Dimension, b: Dimension): Dimension {
  if (a === 0) return b;
  if (b === 0) return a;
  return typeof a === "number" && typeof b === "number" ? a + b : undefined;
}

/** A product, where it is a number or a name. */
export function times(a: Dimension, b: Dimension): Dimension {
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === "number" && typeof b === "number" ? a * b : undefined;
}

export function product(dims: readonly Dimension[]): Dimension {
  return dims.reduce(times, 1);
}

/**
 * The one dimension that is left over when as many elements as `whole` has are given the shape `parts` beside it:
 * equal names cancel, numbers divide.
 */
export function quotient(whole: readonly Dimension[], parts: readonly Dimension[]): Dimension {
  const left = [...whole];
  const right: Dimension[] = [];
  for (const part of parts) {
    const at = typeof part === "string" ? left.indexOf(part) : -1;
    if (at >= 0) left.splice(at, 1);
    else right.push(part);
  }
  const numerator = product(left.filter((dim) => typeof dim === "number"));
  const names = left.filter((dim) => typeof dim !== "number");
  const divisor = product(right);
  if (typeof divisor !== "number" || typeof numerator !== "number" || divisor === 0)
    return undefined;
  const ratio = numerator / divisor;
  return Number.isInteger(ratio) ? product([ratio, ...names]) : undefined;
}

/** An axis counted from the front, from one that may count from the back. */
export function frontAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The indices of [start, end) in steps over `length` elements, the bounds as Slice means them. */
export function sliceIndices(
  length: number,
  start: number,
  end: number,
  step: number,
): readonly number[] {
  const clamp = (bound: number, low: number, high: number): number =>
    Math.min(Math.max(bound < 0 ? bound + length : bound, low), high);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const from = clamp(start, step > 0 ? 0 : low + 1, high);
  // An end below -length means "past the front" when going backwards.
  const to = end < -length ? low : clamp(end, low, high);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return Array.from({ length: count }, (_, i) => from + i * step);
}
