import type { Emitter } from "../emitter.ts";
import { sameShape } from "../fact.ts";
import { reduce } from "./reduce.ts";
import { reshapedLike } from "./shape.ts";

/**
 * The transpose of broadcasting: `value`, of a shape that `like` broadcasts to, summed to the shape of `like`.
 *
 * @returns undefined where the shapes don't tell which axes were broadcast
 */
export function sumTo(graph: Emitter, value: string, like: string): string | undefined {
  const wide = graph.fact(value);
  const narrow = graph.fact(like);
  if (sameShape(wide, narrow)) return value;
  if (wide.shape === undefined || narrow.shape === undefined) return undefined;
  const added = wide.shape.length - narrow.shape.length;
  const axes: number[] = [];
  for (const [axis, dim] of wide.shape.entries()) {
    const own = axis < added ? 1 : narrow.shape[axis - added];
    if (own === 1 && (dim !== 1 || axis < added)) axes.push(axis);
    else if (own === undefined || own !== dim) return undefined;
  }
  const sum = axes.length === 0 ? value : reduce(graph, "ReduceSum", value, axes, true);
  return added === 0 ? sum : reshapedLike(graph, sum, like);
}
