import { int } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import { indices } from "./constant.ts";

/**
 * Numbers and after them lengths of a value's axes, as a list of integers: a constant where all are known.
 *
 * @param axes counted from the front
 */
export function dimensions(
  graph: Emitter,
  numbers: readonly number[],
  value: string,
  axes: readonly number[],
): string {
  const { shape } = graph.fact(value);
  const lengths = axes.map((axis) => shape?.[axis]);
  const known = lengths.filter((length) => typeof length === "number");
  if (known.length === lengths.length) return indices(graph, [...numbers, ...known]);
  const found = graph.node("Gather", [graph.node("Shape", [value]), indices(graph, axes)]);
  if (numbers.length === 0) return found;
  return graph.node("Concat", [indices(graph, numbers), found], { axis: int(0) });
}
