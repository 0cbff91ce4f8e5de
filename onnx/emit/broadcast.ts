import { int } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import { sameShape } from "../fact.ts";
import { tensor } from "../tensor.ts";
import { indices } from "./constant.ts";
import { reduce } from "./reduce.ts";
import { reshapedLike, shapeOf } from "./shape.ts";

/**
 * The transpose of broadcasting: `value`, of a shape that `like` broadcasts to, summed to the shape of `like`. Where
 * the shapes don't tell which axes were broadcast, the graph finds out when it runs.
 */
export function sumTo(graph: Emitter, value: string, like: string): string {
  const wide = graph.fact(value);
  const narrow = graph.fact(like);
  if (sameShape(wide, narrow)) return value;
  if (wide.shape === undefined || narrow.shape === undefined)
    return sumAtRunTime(graph, value, like);
  const added = wide.shape.length - narrow.shape.length;
  const axes: number[] = [];
  for (const [axis, dim] of wide.shape.entries()) {
    const own = axis < added ? 1 : narrow.shape[axis - added];
    if (own === 1 && (dim !== 1 || axis < added)) axes.push(axis);
    else if (own === undefined || own !== dim) return sumAtRunTime(graph, value, like);
  }
  const sum = axes.length === 0 ? value : reduce(graph, "ReduceSum", value, axes, true);
  return added === 0 ? sum : reshapedLike(graph, sum, like);
}

/** Sums over the axes whose lengths differ once the narrow shape has 1s in front, and reshapes. */
function sumAtRunTime(graph: Emitter, value: string, like: string): string {
  const [wide, narrow] = [shapeOf(graph, value), shapeOf(graph, like)];
  const added = graph.node("Sub", [graph.node("Shape", [wide]), graph.node("Shape", [narrow])]);
  const one = graph.constant(tensor("int64", [1], [1]));
  const ones = graph.node("Expand", [one, added]);
  const padded = graph.node("Concat", [ones, narrow], { axis: int(0) });
  const differ = graph.node("Not", [graph.node("Equal", [wide, padded])]);
  const axes = graph.node("Reshape", [graph.node("NonZero", [differ]), indices(graph, [-1])]);
  const sum = graph.node("ReduceSum", [value, axes], {
    keepdims: int(1),
    noop_with_empty_axes: int(1),
  });
  return graph.node("Reshape", [sum, narrow]);
}
