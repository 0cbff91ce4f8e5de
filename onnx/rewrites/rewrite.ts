import { elementTypeName } from "../element-type.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import { isStandardDomain } from "../node-attributes.ts";
import { tensorNumbers } from "../tensor-values.ts";

/**
 * Makes the outputs of a node in another way, equal but for rounding, by `Emitter.define`. What is left without a reader is
 * removed afterwards. Pure but for what it adds to the graph, and nothing is added where the pattern does not match.
 *
 * @param node of the standard operators, none of whose outputs was made in another way before
 * @returns the nodes whose outputs were made: this one and perhaps some behind it; none where it does not match
 */
export type Rewrite = (node: GraphNode, graph: Emitter) => readonly GraphNode[];

/** The node that makes a value, where it is of a standard operator and only `reader` reads the value, once. */
export function ownProducer(
  graph: Emitter,
  value: string,
  operator: string,
  reader: GraphNode,
): GraphNode | undefined {
  const node = graph.source.producer(value);
  if (node?.opType !== operator || !isStandardDomain(node.domain)) return undefined;
  return onlyReader(graph, value, reader.opType) === reader ? node : undefined;
}

/** The only node that reads a value, where it is of a standard operator, reads it once, and nobody else sees it. */
export function onlyReader(
  { source }: Emitter,
  value: string,
  operator: string,
): GraphNode | undefined {
  const [reader, ...others] = source.consumers(value);
  if (reader?.opType !== operator || others.length > 0) return undefined;
  const isOwn = reader.input.filter((name) => name === value).length === 1;
  const isSeen = source.outputs.some(({ name }) => name === value);
  return isOwn && !isSeen && isStandardDomain(reader.domain) ? reader : undefined;
}

/** float32 weights that stand in the file. */
export interface Weights {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The weights of a name; undefined where it is no initialiser, one that a caller may replace, or of another type. */
export function weightsOf({ source }: Emitter, name: string | undefined): Weights | undefined {
  const found = name === undefined ? undefined : source.initializer(name);
  const isInput = source.model.graph.input.some((input) => input.name === name);
  if (found === undefined || isInput || elementTypeName(found.dataType) !== "float32") {
    return undefined;
  }
  const numbers = tensorNumbers(found);
  return numbers && { shape: found.dims.map(Number), values: Float32Array.from(numbers) };
}

/** A number that stands in the file, as float32 of no more axes than `rank`; undefined where a name is none. */
export function numberOf(graph: Emitter, name: string, rank: number): number | undefined {
  const weights = weightsOf(graph, name);
  if (weights?.values.length !== 1 || weights.shape.length > rank) return undefined;
  return weights.values[0];
}

/** One factor or summand a channel, [C, 1, ...] or [1, C, 1, ...], beside a value of [N, C, ...]. */
export function perChannel(
  graph: Emitter,
  name: string,
  rank: number,
  channels: number,
): Float32Array | undefined {
  const weights = weightsOf(graph, name);
  const shape = Array.from({ length: rank - 1 }, (_, i) => (i === 0 ? channels : 1)).join();
  const seen = weights?.shape.join();
  return seen === shape || seen === `1,${shape}` ? weights?.values : undefined;
}
