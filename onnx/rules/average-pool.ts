import { int, ints, string } from "../attribute.ts";
import { div, mul } from "../emit/arithmetic.ts";
import { indices, scalar } from "../emit/constant.ts";
import { dimensions } from "../emit/dimensions.ts";
import { reshapedLike, reshapedTo } from "../emit/shape.ts";
import { cut } from "../emit/slice.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import type { Window } from "../shape-inference/window.ts";
import { tensor } from "../tensor.ts";
import type { Transpose } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import { pictureAxes, reachOf, type Slide, slideOf, spread } from "./window.ts";

/** Each mean's cotangent over the number of its elements, added to all of them. Every channel is a picture alone. */
export const averagePool: Transpose = (cotangent, node, graph) => {
  const [wide, slid] = [inputOf(node), outputOf(node)];
  const slide = slideOf(node, graph, { wide, slid, weights: "" });
  const { kernel } = slide.window;
  const count = kernel.reduce((product, length) => product * length, 1);
  const isEven = countsAlways(node, slide.window);
  const shared = isEven ? cotangent : mul(graph, cotangent, shares(node, graph, slide));
  const pictures = reshapedTo(graph, shared, [-1, 1, ...kernel.map(() => 0)]);
  const weights = ones(graph, [1, 1, ...kernel], isEven ? 1 / count : 1);
  return reshapedLike(graph, spread(graph, pictures, weights, 1, slide), wide);
};

function ones(graph: Emitter, shape: readonly number[], value: number): string {
  const length = shape.reduce((product, dim) => product * dim, 1);
  return graph.constant(tensor("float32", shape, Array<number>(length).fill(value)));
}

/** Whether every mean is of as many elements as the window has. */
function countsAlways(node: GraphNode, { pads, autoPad, ceil }: Window): boolean {
  if (ceil || autoPad.startsWith("SAME")) return false;
  const isPadded = autoPad === "NOTSET" && pads.flat().some((pad) => pad !== 0);
  return !isPadded || intOf(node, "count_include_pad", 0) === 1;
}

/**
 * What each mean takes of an element, of shape [1, 1, ...]: how the means of ones and their sums compare, both over
 * the window's part that is not padding. So it needs no count of its own of what the standard counts.
 */
function shares(node: GraphNode, graph: Emitter, slide: Slide): string {
  const { window, wide, slid } = slide;
  const axes = pictureAxes(window);
  const picture = graph.node("Expand", [
    scalar(graph, 1, wide),
    dimensions(graph, [1, 1], wide, axes),
  ]);
  const [means = ""] = graph.again({ ...node, output: ["y"] }, [picture]);
  const padding =
    window.autoPad === "NOTSET"
      ? { pads: widestPadding(window) }
      : { auto_pad: string(window.autoPad) };
  const sums = graph.node("Conv", [picture, ones(graph, [1, 1, ...window.kernel], 1)], {
    group: int(1),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    ...padding,
  });
  // Both cut: ONNX's inference of the means' shape and ONNX Runtime's pool disagree about a last window of padding only.
  const starts = indices(
    graph,
    axes.map(() => 0),
  );
  const ends = dimensions(graph, [], slid, axes);
  return div(graph, cut(graph, means, axes, starts, ends), cut(graph, sums, axes, starts, ends));
}

/** As much behind each axis as a window that starts on its last element needs. */
function widestPadding(window: Window): ReturnType<typeof ints> {
  const before = window.pads.map(([pad]) => pad);
  return ints([...before, ...window.kernel.map((_, axis) => reachOf(window, axis) - 1)]);
}
