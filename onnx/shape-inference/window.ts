import type { Fact } from "../fact.ts";
import { type GraphNode, intOf, intsOf, stringOf } from "../node-attributes.ts";
import type { Dimension } from "../value-info.ts";
import {
  constantInput,
  type InferenceRule,
  type InferenceRules,
  inputFact,
  rulesFor,
} from "./rule.ts";

/** What Conv and the pools say of their window, per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before and after each axis. */
  readonly pads: readonly (readonly [number, number])[];
  /** "NOTSET": `pads` holds. */
  readonly autoPad: string;
  readonly ceil: boolean;
}

/** The window of a node with the given kernel. */
export function windowOf(node: GraphNode, kernel: readonly number[]): Window {
  const ones = kernel.map(() => 1);
  const pads = intsOf(node, "pads") ?? [];
  return {
    kernel,
    strides: intsOf(node, "strides") ?? ones,
    dilations: intsOf(node, "dilations") ?? ones,
    pads: kernel.map((_, i) => [pads[i] ?? 0, pads[i + kernel.length] ?? 0]),
    autoPad: stringOf(node, "auto_pad", "NOTSET"),
    ceil: intOf(node, "ceil_mode", 0) === 1,
  };
}

/** Length of a spatial axis after a window has slid over it. */
export function slidLength(length: Dimension, window: Window, axis: number): Dimension {
  const { strides, dilations, kernel, autoPad } = window;
  const stride = strides[axis] ?? 1;
  const reach = (dilations[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
  const isSame = autoPad.startsWith("SAME");
  const [before, after] = autoPad === "NOTSET" ? (window.pads[axis] ?? [0, 0]) : [0, 0];
  if (typeof length !== "number") {
    return stride === 1 && (isSame || before + after === reach - 1) ? length : undefined;
  }
  if (isSame) return Math.ceil(length / stride);
  const steps = (length + before + after - reach) / stride;
  if (!window.ceil) return Math.floor(steps) + 1;
  // A window that would start in the padding behind the end is left out.
  const count = Math.ceil(steps) + 1;
  return (count - 1) * stride >= length + before ? count - 1 : count;
}

const conv: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const weights = inputFact(context, 1).shape;
  const kernel = intsOf(context.node, "kernel_shape") ?? weights?.slice(2);
  const known = kernel?.filter((dim) => typeof dim === "number");
  const rank = shape?.length ?? weights?.length;
  if (rank === undefined) return [{ type, shape: undefined }];
  const window = known?.length === rank - 2 ? windowOf(context.node, known) : undefined;
  const picture = Array.from({ length: rank - 2 }, (_, i) =>
    window === undefined ? undefined : slidLength(shape?.[i + 2], window, i),
  );
  return [{ type, shape: [shape?.[0], weights?.[0], ...picture] }];
};

const convTranspose: InferenceRule = (context) => {
  const { node } = context;
  const { type, shape } = inputFact(context, 0);
  const weights = inputFact(context, 1).shape;
  if (shape === undefined) return [{ type, shape }];
  const kernel = (intsOf(node, "kernel_shape") ?? weights?.slice(2))?.filter(
    (dim) => typeof dim === "number",
  );
  const group = intOf(node, "group", 1);
  const perGroup = weights?.[1];
  const channels = typeof perGroup === "number" ? perGroup * group : undefined;
  const given = intsOf(node, "output_shape");
  const window = kernel && windowOf(node, kernel);
  const extra = intsOf(node, "output_padding");
  const picture = shape.slice(2).map((dim, i) => {
    if (given !== undefined && given.length > 0) return given.at(i - (shape.length - 2));
    if (window === undefined || typeof dim !== "number") return undefined;
    const stride = window.strides[i] ?? 1;
    const reach = (window.dilations[i] ?? 1) * ((window.kernel[i] ?? 1) - 1) + 1;
    const more = (extra?.[i] ?? 0) + reach;
    // No padding makes a window longer that is shorter than the stride.
    if (window.autoPad.startsWith("SAME")) return stride * (dim - 1) + Math.min(more, stride);
    const [before, after] = window.autoPad === "NOTSET" ? (window.pads[i] ?? [0, 0]) : [0, 0];
    return stride * (dim - 1) + more - before - after;
  });
  return [{ type, shape: [shape[0], channels, ...picture] }];
};

const pool: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const window = windowOf(context.node, intsOf(context.node, "kernel_shape") ?? []);
  const dims = shape?.map((dim, i) => (i < 2 ? dim : slidLength(dim, window, i - 2)));
  return [
    { type, shape: dims },
    { type: "int64", shape: dims },
  ];
};

const globalPool: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  return [{ type, shape: shape?.map((dim, i) => (i < 2 ? dim : 1)) }];
};

/** By sizes, else by scales. */
const resize: InferenceRule = (context) => {
  const { node } = context;
  const { type, shape } = inputFact(context, 0);
  const scales = constantInput(context, 2);
  const sizes = inputFact(context, 3).elements;
  const axes = intsOf(node, "axes");
  const keepsRatio = stringOf(node, "keep_aspect_ratio_policy", "stretch") !== "stretch";
  const dims = shape?.map((dim, axis): Dimension => {
    const at =
      axes === undefined ? axis : axes.findIndex((a) => (a + shape.length) % shape.length === axis);
    if (at < 0) return dim;
    if (sizes !== undefined) return keepsRatio ? undefined : sizes[at];
    const scale = scales?.[at];
    if (scale === 1) return dim;
    return typeof dim === "number" && scale !== undefined ? Math.floor(dim * scale) : undefined;
  });
  return [{ type, shape: dims }] satisfies readonly Fact[];
};

export const windows: InferenceRules = {
  Conv: conv,
  ConvTranspose: convTranspose,
  ...rulesFor("AveragePool MaxPool LpPool", pool),
  ...rulesFor("GlobalAveragePool GlobalMaxPool GlobalLpPool", globalPool),
  Resize: resize,
};
