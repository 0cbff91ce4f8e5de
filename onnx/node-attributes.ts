import type { GraphProto, NodeProto, TensorProto } from "./gen/onnx.ts";

/** A node of a graph, never changed once it exists: `input` "" is an optional input left out. */
export type GraphNode = Readonly<NodeProto>;

/** An integer attribute, or `fallback`, ONNX's default, where the node doesn't give it. */
export function intOf(node: GraphNode, name: string, fallback: number): number {
  const attribute = node.attribute.find((entry) => entry.name === name);
  return attribute === undefined ? fallback : Number(attribute.i);
}

export function floatOf(node: GraphNode, name: string, fallback: number): number {
  const attribute = node.attribute.find((entry) => entry.name === name);
  return attribute === undefined ? fallback : attribute.f;
}

export function stringOf(node: GraphNode, name: string, fallback: string): string {
  const attribute = node.attribute.find((entry) => entry.name === name);
  return attribute === undefined ? fallback : new TextDecoder().decode(attribute.s);
}

/** A list of integers; undefined where the node doesn't give it. */
export function intsOf(node: GraphNode, name: string): readonly number[] | undefined {
  return node.attribute.find((entry) => entry.name === name)?.ints.map(Number);
}

export function floatsOf(node: GraphNode, name: string): readonly number[] | undefined {
  return node.attribute.find((entry) => entry.name === name)?.floats;
}

export function tensorOf(node: GraphNode, name: string): TensorProto | undefined {
  return node.attribute.find((entry) => entry.name === name)?.t;
}

/** The graphs inside a node: the branches of an If, the body of a Loop. */
export function graphsOf(node: GraphNode): readonly GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));
}

/** Whether the standard operators' set is meant. */
export function isStandardDomain(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}
