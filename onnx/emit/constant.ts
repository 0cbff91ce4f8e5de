import type { Emitter } from "../emitter.ts";
import { constantOf } from "../fact.ts";
import { isTensorElementType, tensor } from "../tensor.ts";

/** A constant number of the type of a value (float32 where that is unknown), as a scalar. */
export function scalar(graph: Emitter, value: number, like: string): string {
  const { type } = graph.fact(like);
  return graph.constant(tensor(isTensorElementType(type) ? type : "float32", [], [value]));
}

/** A constant list of integers, as shapes and axes are. */
export function indices(graph: Emitter, values: readonly number[]): string {
  return graph.constant(tensor("int64", [values.length], values));
}

/** The elements of a value where they are constants. */
export function constantValues(graph: Emitter, name: string): readonly number[] | undefined {
  return constantOf(graph.fact(name));
}
