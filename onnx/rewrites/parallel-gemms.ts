import { int } from "../attribute.ts";
import { constantValues, indices } from "../emit/constant.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, intOf, isStandardDomain } from "../node-attributes.ts";
import { tensor } from "../tensor.ts";
import { numberOf, onlyReader, type Rewrite, type Weights, weightsOf } from "./rewrite.ts";

/**
 * All linear layers of one value as one, whose result is split: in a score network each block has one of the time's
 * embedding, too small to be worth a call of its own. Where all go on alike, with new axes, a split into scale and shift,
 * and a number that is added, this becomes part of it.
 */
export const parallelGemms: Rewrite = (node, graph) => {
  const siblings = graph.source
    .consumers(node.input[0] ?? "")
    .map((reader) => linearLayer(reader, node, graph))
    .filter((layer) => layer !== undefined);
  // What is read by several is made where the first of them stands.
  if (siblings.length < 2 || siblings[0]?.node !== node) return [];
  const raised = siblings.map((layer) => raisedPath(layer, graph));
  const [axes] = raised.map((path) => path?.axes);
  const isAlike = axes !== undefined && raised.every((path) => path?.axes === axes);
  const paths = siblings.map((layer, i) => (isAlike ? raised[i] : undefined) ?? plainPath(layer));
  const parts = paths.flatMap((path) => path.parts);
  const rows = joined(siblings.map(({ weights }) => weights.values));
  const [, columns = 0] = siblings[0].weights.shape;
  const bias = siblings.map((layer, i) => shiftedBias(layer, paths[i]?.parts ?? []));
  const parameters = [
    tensor("float32", [rows.length / columns, columns], rows),
    tensor("float32", [rows.length / columns], joined(bias)),
  ].map((one) => graph.constant(one));
  const all = graph.node("Gemm", [node.input[0] ?? "", ...parameters], { transB: int(1) });
  const shaped = isAlike ? graph.node("Unsqueeze", [all, axes]) : all;
  const sizes = indices(
    graph,
    parts.map(({ size }) => size),
  );
  const values = parts.map(({ value }) => value);
  graph.define(values, "Split", [shaped, sizes], { axis: int(1) });
  return paths.flatMap(({ replaced }) => replaced);
};

/** x W^T + bias: W [outputs, inputs] and the bias, [outputs], stand in the file. */
interface LinearLayer {
  readonly node: GraphNode;
  readonly weights: Weights;
  readonly bias: Weights;
}

/** A node as a linear layer of the same value as `first`. */
function linearLayer(node: GraphNode, first: GraphNode, graph: Emitter): LinearLayer | undefined {
  const [x, w, b] = node.input;
  const isPlain =
    node.opType === "Gemm" &&
    isStandardDomain(node.domain) &&
    intOf(node, "transA", 0) === 0 &&
    intOf(node, "transB", 0) === 1 &&
    floatOf(node, "alpha", 1) === 1 &&
    floatOf(node, "beta", 1) === 1;
  if (!isPlain || x !== first.input[0]) return undefined;
  const [weights, bias] = [weightsOf(graph, w), weightsOf(graph, b)];
  if (weights === undefined || bias?.shape.join() !== String(weights.shape[0])) return undefined;
  return { node, weights, bias };
}

/** Some rows of a layer's result, under the name that they have behind it. */
interface Part {
  readonly value: string;
  readonly size: number;
  /** What is added to them. */
  readonly shift: number;
}

interface Path {
  /** The name of the new axes; undefined: none. */
  readonly axes: string | undefined;
  readonly parts: readonly Part[];
  readonly replaced: readonly GraphNode[];
}

function plainPath({ node, weights }: LinearLayer): Path {
  const [value = ""] = node.output;
  const size = weights.shape[0] ?? 0;
  return { axes: undefined, parts: [{ value, size, shift: 0 }], replaced: [node] };
}

/** The path behind a layer through an Unsqueeze, and where there are any a Split along axis 1 and sums with numbers. */
function raisedPath({ node, weights }: LinearLayer, graph: Emitter): Path | undefined {
  const unsqueeze = onlyReader(graph, node.output[0] ?? "", "Unsqueeze");
  const [, axes = ""] = unsqueeze?.input ?? [];
  const isBehind = constantValues(graph, axes)?.every((axis) => axis >= 2) ?? false;
  if (unsqueeze === undefined || !isBehind) return undefined;
  const [whole = ""] = unsqueeze.output;
  const split = onlyReader(graph, whole, "Split");
  const sizes = split === undefined ? undefined : sizesOf(split, weights.shape[0] ?? 0, graph);
  if (split === undefined || sizes === undefined) {
    const parts = [{ value: whole, size: weights.shape[0] ?? 0, shift: 0 }];
    return { axes, parts, replaced: [node, unsqueeze] };
  }
  const shifted = split.output.map((value, i) => shiftedPart(value, sizes[i] ?? 0, graph));
  const sums = shifted.flatMap(({ sum }) => (sum === undefined ? [] : [sum]));
  return {
    axes,
    parts: shifted.map(({ part }) => part),
    replaced: [node, unsqueeze, split, ...sums],
  };
}

/** How many rows each output of a Split along axis 1 has; undefined where that is not along it or not in the file. */
function sizesOf(split: GraphNode, rows: number, graph: Emitter): readonly number[] | undefined {
  if (intOf(split, "axis", 0) !== 1 || split.output.includes("")) return undefined;
  const given = split.input[1] ?? "";
  if (given !== "") return constantValues(graph, given);
  const size = rows / split.output.length;
  return Number.isInteger(size) ? split.output.map(() => size) : undefined;
}

function shiftedPart(
  value: string,
  size: number,
  graph: Emitter,
): { readonly part: Part; readonly sum?: GraphNode } {
  const sum = onlyReader(graph, value, "Add");
  const other = sum?.input.find((name) => name !== value) ?? "";
  const shift = numberOf(graph, other, graph.fact(value).shape?.length ?? 0);
  if (sum === undefined || shift === undefined) return { part: { value, size, shift: 0 } };
  return { part: { value: sum.output[0] ?? "", size, shift }, sum };
}

function shiftedBias({ bias }: LinearLayer, parts: readonly Part[]): Float32Array {
  const shifts = joined(parts.map(({ size, shift }) => new Float32Array(size).fill(shift)));
  return bias.values.map((value, i) => value + (shifts[i] ?? 0));
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
