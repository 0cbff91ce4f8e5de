import { unsupported } from "../differentiation-error.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intsOf } from "../node-attributes.ts";
import type { Window } from "../shape-inference/window.ts";
import { inputOf } from "./pointwise.ts";
import { reachOf } from "./window.ts";

/**
 * The window of a ConvTranspose with the padding that its output's shape, or a SAME padding, makes.
 *
 * @throws DifferentiationError where that depends on a length that is not known
 */
export function transposedWindow(node: GraphNode, graph: Emitter, window: Window): Window {
  const pads = window.kernel.map((_, axis) => paddingOf(node, graph, window, axis));
  return { ...window, pads, autoPad: "NOTSET" };
}

function paddingOf(
  node: GraphNode,
  graph: Emitter,
  window: Window,
  axis: number,
): readonly [number, number] {
  const { strides, autoPad, kernel } = window;
  const stride = strides[axis] ?? 1;
  const extra = intsOf(node, "output_padding")?.[axis] ?? 0;
  const shape = intsOf(node, "output_shape") ?? [];
  if (shape.length === 0) {
    if (autoPad === "NOTSET") return window.pads[axis] ?? [0, 0];
    if (autoPad === "VALID") return [0, 0];
    return halves(reachOf(window, axis) + extra - stride, autoPad);
  }
  const length = graph.fact(inputOf(node)).shape?.[axis + 2];
  if (typeof length !== "number") {
    throw unsupported(node, graph.opset, "it has output_shape and its input's size is not known");
  }
  const whole = stride * (length - 1) + reachOf(window, axis) + extra;
  return halves(whole - (shape.at(axis - kernel.length) ?? whole), autoPad);
}

/** The odd one after the axis for SAME_UPPER, else before it. */
function halves(total: number, autoPad: string): readonly [number, number] {
  const [less, more] = [Math.floor(Math.max(total, 0) / 2), Math.ceil(Math.max(total, 0) / 2)];
  return autoPad === "SAME_UPPER" ? [less, more] : [more, less];
}
