import { int, string } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import { tensor } from "../tensor.ts";
import {
  castTo,
  reshapedLike,
  reshapedTo,
  shapeOf,
  transposed,
  unsqueezed,
  zerosLike,
} from "./shape.ts";

/** The first opset whose ScatterElements adds what goes to one place. */
export const SCATTER_ADDS_SINCE = 16;

/** Each element's own place, row by row, in the shape of a value: 0, 1, 2, ... */
export function placesOf(graph: Emitter, value: string): string {
  const places = countedTo(graph, graph.node("Size", [value]));
  return graph.node("Reshape", [places, shapeOf(graph, value)]);
}

/** 0, 1, 2, ... up to a scalar, without it. */
export function countedTo(graph: Emitter, count: string): string {
  return graph.node("Range", [integer(graph, 0), count, integer(graph, 1)]);
}

/** The length of a value's axis, as a scalar. */
export function lengthOf(graph: Emitter, value: string, axis: number): string {
  return graph.node("Gather", [shapeOf(graph, value), integer(graph, axis)]);
}

function integer(graph: Emitter, value: number): string {
  return graph.constant(tensor("int64", [], [value]));
}

/**
 * The transpose of taking elements: zeros of the shape of `like`, with `value`'s elements at the places that they were
 * taken from.
 *
 * @param places of the shape of `value`, as `placesOf` numbers those of `like`
 * @param distinct whether no place is taken twice; else elements of the same place are added up, from opset
 *   SCATTER_ADDS_SINCE on
 */
export function putBack(
  graph: Emitter,
  value: string,
  places: string,
  like: string,
  distinct: boolean,
): string {
  const flat = (name: string): string => reshapedTo(graph, name, [-1]);
  const inputs = [flat(zerosLike(graph, like)), flat(places), flat(value)];
  const attributes = distinct ? {} : { reduction: string("add") };
  const sums = graph.node("ScatterElements", inputs, { axis: int(0), ...attributes });
  return reshapedLike(graph, sums, like);
}

/**
 * The transpose of taking elements along one axis: the sums of what was taken from each place, by a product with a
 * matrix of 0s and 1s, in every opset.
 *
 * @param places a list with one place for each element along the axis
 * @param length of the axis of the result, a scalar
 */
export function addedAlong(
  graph: Emitter,
  value: string,
  { axis, rank, places, length }: Taken,
): string {
  const { type = "float32" } = graph.fact(value);
  const order = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  const columns = [...order, axis];
  const all = unsqueezed(graph, countedTo(graph, length), [0]);
  const isTaken = graph.node("Equal", [unsqueezed(graph, places, [1]), all]);
  const rows = transposed(graph, value, columns);
  const sums = graph.node("MatMul", [rows, castTo(graph, isTaken, type)]);
  const back = columns.map((_, i) => columns.indexOf(i));
  return transposed(graph, sums, back);
}

/** Where elements were taken from along an axis of a value of some rank. */
export interface Taken {
  readonly axis: number;
  readonly rank: number;
  readonly places: string;
  readonly length: string;
}
