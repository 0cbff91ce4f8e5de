import { type AttributeValue, int, ints } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { indices } from "../emit/constant.ts";
import { dimensions } from "../emit/dimensions.ts";
import { cut } from "../emit/slice.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intsOf } from "../node-attributes.ts";
import { type Window, windowOf } from "../shape-inference/window.ts";
import type { Dimension } from "../value-info.ts";

/** A window that slides over the axes of `wide` from the third on, to `slid`: values of those lengths. */
export interface Slide {
  readonly window: Window;
  readonly wide: string;
  readonly slid: string;
}

/**
 * How a window lies along an axis of length L that it has slid over in S steps: its first place is `before` ahead of
 * the axis, its last place ends `after` behind it, or `left` before its end: L = stride (S - 1) + reach - before -
 * after + left.
 */
export interface Fit {
  readonly before: number;
  readonly after: number;
  readonly left: number;
}

/** The window of a node. @param weights its kernel; "": the attribute alone says it */
export function slideOf(
  node: GraphNode,
  graph: Emitter,
  ends: { readonly wide: string; readonly slid: string; readonly weights: string },
): Slide {
  const { weights, wide, slid } = ends;
  const kernel = intsOf(node, "kernel_shape") ?? graph.fact(weights).shape?.slice(2);
  const known = kernel?.filter((length) => typeof length === "number");
  if (known === undefined || known.length !== kernel?.length) {
    throw unsupported(node, graph.opset, "the size of its kernel is not known");
  }
  return { window: windowOf(node, known), wide, slid };
}

/** From the first to the last element that a window reaches along an axis. */
export function reachOf({ kernel, dilations }: Window, axis: number): number {
  return (dilations[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
}

/** The axes of a value that a window slides along. */
export function pictureAxes({ kernel }: Window): readonly number[] {
  return kernel.map((_, axis) => axis + 2);
}

/** How the window lies along each axis; undefined where the lengths are not known well enough. */
export function fitsOf({ window, wide, slid }: Slide, graph: Emitter): readonly Fit[] | undefined {
  const [long, short] = [graph.fact(wide).shape, graph.fact(slid).shape];
  const fits = window.kernel.map((_, axis) =>
    fitOf(window, axis, long?.[axis + 2], short?.[axis + 2]),
  );
  const known = fits.filter((fit) => fit !== undefined);
  return known.length === fits.length ? known : undefined;
}

function fitOf(window: Window, axis: number, long: Dimension, short: Dimension): Fit | undefined {
  const before = paddingBefore(window, axis, long);
  const [reach, stride] = [reachOf(window, axis), window.strides[axis] ?? 1];
  if (before === undefined) return undefined;
  if (typeof long === "number" && typeof short === "number") {
    const over = stride * (short - 1) + reach - before - long;
    return { before, after: Math.max(over, 0), left: Math.max(-over, 0) };
  }
  if (stride !== 1) return undefined;
  if (window.autoPad.startsWith("SAME")) return { before, after: reach - 1 - before, left: 0 };
  const [, after] = window.autoPad === "NOTSET" ? (window.pads[axis] ?? [0, 0]) : [0, 0];
  return { before, after, left: 0 };
}

/** undefined where it depends on a length that is not known. */
function paddingBefore(window: Window, axis: number, length: Dimension): number | undefined {
  if (window.autoPad === "NOTSET") return window.pads[axis]?.[0] ?? 0;
  if (window.autoPad === "VALID") return 0;
  const [reach, stride] = [reachOf(window, axis), window.strides[axis] ?? 1];
  if (stride !== 1 && typeof length !== "number") return undefined;
  const rest = typeof length === "number" ? (length - 1) % stride : 0;
  const total = Math.max(reach - 1 - rest, 0);
  return window.autoPad === "SAME_LOWER" ? Math.ceil(total / 2) : Math.floor(total / 2);
}

/** As attributes of Conv and ConvTranspose, by the standard's names. */
export function paddings(fits: readonly Fit[]): AttributeValue {
  return ints([...fits.map(({ before }) => before), ...fits.map(({ after }) => after)]);
}

/**
 * The transpose of sliding the window: each element of `value`, of the shape of `slid`, times the weights, added to
 * the places of its window in zeros of the lengths of `wide`.
 *
 * @param weights as ConvTranspose has them
 */
export function spread(
  graph: Emitter,
  value: string,
  weights: string,
  group: number,
  slide: Slide,
): string {
  const { window } = slide;
  const fits = fitsOf(slide, graph);
  const transposed = (more: Readonly<Record<string, AttributeValue>>): string =>
    graph.node("ConvTranspose", [value, weights], {
      group: int(group),
      strides: ints(window.strides),
      dilations: ints(window.dilations),
      ...more,
    });
  if (fits !== undefined) {
    const left = ints(fits.map((fit) => fit.left));
    return transposed({ pads: paddings(fits), output_padding: left });
  }
  // As long as the padded input may be, its part that is no padding cut out.
  const most = ints(window.strides.map((stride) => stride - 1));
  const padded = transposed({ output_padding: most });
  const axes = pictureAxes(window);
  const starts = startsOf(slide, graph);
  const lengths = dimensions(graph, [], slide.wide, axes);
  return cut(graph, padded, axes, starts, graph.node("Add", [starts, lengths]));
}

/** The padding before each axis, as a list of integers that the graph computes where it must. */
function startsOf({ window, wide, slid }: Slide, graph: Emitter): string {
  const { shape } = graph.fact(wide);
  const known = window.kernel.map((_, axis) => paddingBefore(window, axis, shape?.[axis + 2]));
  const all = known.filter((before) => before !== undefined);
  if (all.length === known.length) return indices(graph, all);
  const axes = pictureAxes(window);
  const [long, short] = [wide, slid].map((value) => dimensions(graph, [], value, axes));
  const list = (number: (axis: number) => number): string =>
    indices(
      graph,
      axes.map((_, axis) => number(axis)),
    );
  const stride = (axis: number): number => window.strides[axis] ?? 1;
  const steps = graph.node("Mul", [short ?? "", list(stride)]);
  const end = graph.node("Add", [steps, list((axis) => reachOf(window, axis) - stride(axis))]);
  const over = graph.node("Sub", [end, long ?? ""]);
  const total = graph.node("Max", [over, list(() => 0)]);
  const isLower = window.autoPad === "SAME_LOWER";
  const rounded = isLower ? graph.node("Add", [total, list(() => 1)]) : total;
  return graph.node("Div", [rounded, list(() => 2)]);
}
