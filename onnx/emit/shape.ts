import { int, ints } from "../attribute.ts";
import { ELEMENT_TYPES, type ElementType } from "../element-type.ts";
import type { Emitter } from "../emitter.ts";
import { sameShape, staticShape } from "../fact.ts";
import { indices } from "./constant.ts";

/** The shape of a value as a list of integers: a constant where it is known. */
export function shapeOf(graph: Emitter, value: string): string {
  const shape = staticShape(graph.fact(value));
  return shape === undefined ? graph.node("Shape", [value]) : indices(graph, shape);
}

/** `value` in the given shape, of which one dimension may be -1. */
export function reshapedTo(graph: Emitter, value: string, shape: readonly number[]): string {
  return graph.node("Reshape", [value, indices(graph, shape)]);
}

/** What to reshape to for the shape of `like`: a constant where all but one dimension are known. */
export function targetShape(graph: Emitter, like: string): string {
  const { shape } = graph.fact(like);
  const known = shape?.map((dim) => (typeof dim === "number" ? dim : -1));
  const isEnough = known !== undefined && known.filter((dim) => dim <= 0).length <= 1;
  return isEnough ? indices(graph, known) : shapeOf(graph, like);
}

/** `value` in the shape of `like`, which has as many elements. */
export function reshapedLike(graph: Emitter, value: string, like: string): string {
  if (sameShape(graph.fact(value), graph.fact(like))) return value;
  return graph.node("Reshape", [value, targetShape(graph, like)]);
}

/** `value` broadcast to the shape of `like`. */
export function expandedLike(graph: Emitter, value: string, like: string): string {
  if (sameShape(graph.fact(value), graph.fact(like))) return value;
  return graph.node("Expand", [value, shapeOf(graph, like)]);
}

export function transposed(graph: Emitter, value: string, perm: readonly number[]): string {
  if (perm.every((axis, i) => axis === i)) return value;
  return graph.node("Transpose", [value], { perm: ints(perm) });
}

/** Adds axes of length 1 at the given places of the result. */
export function unsqueezed(graph: Emitter, value: string, axes: readonly number[]): string {
  return axes.length === 0 ? value : graph.node("Unsqueeze", [value, indices(graph, axes)]);
}

export function castTo(graph: Emitter, value: string, type: ElementType): string {
  if (graph.fact(value).type === type) return value;
  return graph.node("Cast", [value], { to: int(ELEMENT_TYPES[type]) });
}

/** `value` as 0s of its shape and type. */
export function zerosLike(graph: Emitter, value: string): string {
  const { type } = graph.fact(value);
  const zero = graph.node("ConstantOfShape", [shapeOf(graph, value)]);
  return castTo(graph, zero, type ?? "float32");
}
