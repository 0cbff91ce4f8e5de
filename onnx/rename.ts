import type { AttributeProto, GraphProto, NodeProto } from "./gen/onnx.ts";
import type { OnnxModel } from "./model-file.ts";

/**
 * The model with other names for its values and nodes, in the graphs inside its nodes too. Pure.
 *
 * @param rename a new name for each; the empty name, an input left out, stays
 */
export function renamed(model: OnnxModel, rename: (name: string) => string): OnnxModel {
  return {
    ...model,
    graph: renamedGraph(model.graph, (name) => (name === "" ? "" : rename(name))),
  };
}

/** The model with a prefix before every name but the given ones. Pure. */
export function prefixed(model: OnnxModel, prefix: string, kept: readonly string[]): OnnxModel {
  const keep = new Set(kept);
  return renamed(model, (name) => (keep.has(name) ? name : `${prefix}${name}`));
}

function renamedGraph(graph: GraphProto, rename: (name: string) => string): GraphProto {
  const named = <T extends { name: string }>(list: readonly T[]): T[] =>
    list.map((entry) => ({ ...entry, name: rename(entry.name) }));
  return {
    ...graph,
    node: graph.node.map((node) => renamedNode(node, rename)),
    initializer: named(graph.initializer),
    input: named(graph.input),
    output: named(graph.output),
    valueInfo: named(graph.valueInfo),
  };
}

function renamedNode(node: NodeProto, rename: (name: string) => string): NodeProto {
  const inner = (attribute: AttributeProto): AttributeProto => ({
    ...attribute,
    g: attribute.g && renamedGraph(attribute.g, rename),
    graphs: attribute.graphs.map((graph) => renamedGraph(graph, rename)),
  });
  return {
    ...node,
    name: rename(node.name),
    input: node.input.map(rename),
    output: node.output.map(rename),
    attribute: node.attribute.map(inner),
  };
}
