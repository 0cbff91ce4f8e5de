import { int, ints } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { indices } from "../emit/constant.ts";
import { dimensions } from "../emit/dimensions.ts";
import { reshapedTo, transposed } from "../emit/shape.ts";
import { cut, strided } from "../emit/slice.ts";
import type { Emitter } from "../emitter.ts";
import { staticShape } from "../fact.ts";
import type { GraphNode } from "../node-attributes.ts";
import { fitsOf, paddings, pictureAxes, type Slide } from "./window.ts";

/** The axes 0 to rank - 1, the first two exchanged. */
function exchanged(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < 2 ? 1 - axis : axis));
}

/**
 * Weights [groups M, C, ...] as those of the convolution that is the transpose for a stride of 1: [groups C, M, ...],
 * the kernel backwards. ONNX Runtime does it once, when it loads the graph, where they are constants.
 *
 * @param weights of known shape where there are several groups
 */
export function turnedWeights(
  graph: Emitter,
  weights: string,
  groups: number,
  kernel: readonly number[],
): string {
  const rank = kernel.length + 2;
  const axes = kernel.flatMap((length, axis) => (length === 1 ? [] : [axis + 2]));
  const back = axes.map(() => -1);
  return strided(graph, exchangedByGroup(graph, weights, groups, rank), axes, back, back);
}

/** From [groups M, C, ...] to [groups C, M, ...]. */
function exchangedByGroup(graph: Emitter, weights: string, groups: number, rank: number): string {
  const shape = staticShape(graph.fact(weights));
  if (groups === 1 || shape === undefined) return transposed(graph, weights, exchanged(rank));
  const [all = 0, each = 0, ...kernel] = shape;
  const perGroup = reshapedTo(graph, weights, [groups, all / groups, each, ...kernel]);
  const swapped = transposed(graph, perGroup, [0, ...exchanged(rank).map((axis) => axis + 1)]);
  return reshapedTo(graph, swapped, [groups * each, all / groups, ...kernel]);
}

/** What weights [groups M, C, ...] stand between. */
export interface WeightsProduct {
  /** [N, groups C, ...], slid over. */
  readonly wide: string;
  /** [N, groups M, ...]. */
  readonly slid: string;
  readonly groups: number;
  readonly slide: Slide;
}

/**
 * The cotangent of the weights of a convolution: what they slide over, its rows as channels, convolved with what that
 * gives, the rows of that as channels too, the stride and the dilation exchanged. One of both values is a cotangent.
 */
export function weightsCotangent(
  node: GraphNode,
  graph: Emitter,
  { wide, slid, groups, slide }: WeightsProduct,
): string {
  const { window } = slide;
  const fits = fitsOf(slide, graph);
  if (fits === undefined) {
    throw unsupported(
      node,
      graph.opset,
      "its weights depend on x and its input's size is not known",
    );
  }
  const rank = window.kernel.length + 2;
  const product = graph.node(
    "Conv",
    [rowsAsChannels(graph, wide, groups, rank), transposed(graph, slid, exchanged(rank))],
    {
      group: int(groups),
      strides: ints(window.dilations),
      dilations: ints(window.strides),
      pads: paddings(fits),
    },
  );
  // What the window left over at the end can make room for more steps than the kernel has.
  const isLonger = fits.some(({ left }, axis) => left >= (window.dilations[axis] ?? 1));
  const axes = pictureAxes(window);
  const zeros = indices(
    graph,
    axes.map(() => 0),
  );
  const kernel = isLonger
    ? cut(graph, product, axes, zeros, indices(graph, window.kernel))
    : product;
  return transposed(graph, kernel, exchanged(rank));
}

/** From [N, groups C, ...] to [C, groups N, ...]. */
function rowsAsChannels(graph: Emitter, value: string, groups: number, rank: number): string {
  const turned = transposed(graph, value, exchanged(rank));
  if (groups === 1) return turned;
  const rest = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  const split = dimensions(graph, [groups, -1], turned, rest);
  const perGroup = graph.node("Reshape", [turned, split]);
  const swapped = transposed(graph, perGroup, [1, 0, ...rest.map((axis) => axis + 1)]);
  const joined = dimensions(graph, [0, -1], turned, rest.slice(1));
  return graph.node("Reshape", [swapped, joined]);
}
