import { int, ints } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import { indices } from "./constant.ts";

/** The first opset in which a reduction takes its axes as an input. */
const AXES_INPUT_SINCE = {
  ReduceSum: 13,
  ReduceMean: 18,
} as const;

export type Reduction = keyof typeof AXES_INPUT_SINCE;

/**
 * A reduction over given axes, in the form of the graph's opset. Over none: the value as it is.
 *
 * @param keep whether the axes stay, with length 1
 */
export function reduce(
  graph: Emitter,
  reduction: Reduction,
  value: string,
  axes: readonly number[],
  keep: boolean,
): string {
  if (axes.length === 0) return value;
  const keepdims = int(keep ? 1 : 0);
  if (graph.opset >= AXES_INPUT_SINCE[reduction]) {
    return graph.node(reduction, [value, indices(graph, axes)], { keepdims });
  }
  return graph.node(reduction, [value], { axes: ints(axes), keepdims });
}
