import type { Emitter } from "../emitter.ts";
import { indices } from "./constant.ts";

/** A bound that is past the end of every axis. */
const PAST_END = 2 ** 31;

/** Every `step`th element along each of some axes, from `starts` on. A step of -1: from the end back. */
export function strided(
  graph: Emitter,
  value: string,
  axes: readonly number[],
  starts: readonly number[],
  steps: readonly number[],
): string {
  if (axes.length === 0) return value;
  const ends = steps.map((step) => (step > 0 ? PAST_END : -PAST_END));
  const bounds = [starts, ends, axes, steps].map((list) => indices(graph, list));
  return graph.node("Slice", [value, ...bounds]);
}

/** The elements of [start, end) along each of some axes, the bounds given as lists of integers. */
export function cut(
  graph: Emitter,
  value: string,
  axes: readonly number[],
  starts: string,
  ends: string,
): string {
  return graph.node("Slice", [value, starts, ends, indices(graph, axes)]);
}
