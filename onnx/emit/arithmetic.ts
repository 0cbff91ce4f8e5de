import type { Emitter } from "../emitter.ts";
import type { MaybeValue } from "../rules/rule.ts";
import { scalar } from "./constant.ts";

export function add(graph: Emitter, a: string, b: string): string {
  return graph.node("Add", [a, b]);
}
export function sub(graph: Emitter, a: string, b: string): string {
  return graph.node("Sub", [a, b]);
}
export function mul(graph: Emitter, a: string, b: string): string {
  return graph.node("Mul", [a, b]);
}
export function div(graph: Emitter, a: string, b: string): string {
  return graph.node("Div", [a, b]);
}
export function neg(graph: Emitter, a: string): string {
  return graph.node("Neg", [a]);
}

/** factor * a. */
export function scaled(graph: Emitter, factor: number, a: string): string {
  if (factor === 1) return a;
  return factor === -1 ? neg(graph, a) : mul(graph, a, scalar(graph, factor, a));
}

/** number + a. */
export function shifted(graph: Emitter, number: number, a: string): string {
  return number === 0 ? a : add(graph, a, scalar(graph, number, a));
}

/** number - a. */
export function minus(graph: Emitter, number: number, a: string): string {
  return sub(graph, scalar(graph, number, a), a);
}

/** The sum of the values that are not zero, all of one shape; undefined where all are. */
export function total(graph: Emitter, terms: readonly MaybeValue[]): MaybeValue {
  return terms.reduce((sum, term) => {
    if (sum === undefined || term === undefined) return sum ?? term;
    return add(graph, sum, term);
  }, undefined);
}
