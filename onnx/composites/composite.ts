import type { Fact } from "../fact.ts";
import { NodeProto } from "../gen/onnx.ts";
import type { Graph } from "../graph.ts";
import type { GraphNode } from "../node-attributes.ts";

/** The domain of composite operators. They stand in no file: nodes of them are for the rules alone. */
export const COMPOSITE_DOMAIN = "scorestream.composite";

export type CompositeOperator = "Swish" | "ScaledGroupNormalization";

/**
 * Nodes that are one operator in parts, as exporters write it, and have a cheaper derivative together than one by
 * one. All but the last make values that only the others read.
 */
export interface Composite {
  /** What the rules see in place of the members: the composite operator, from its inputs to the last one's output. */
  readonly node: GraphNode;
  readonly members: readonly GraphNode[];
}

/** Finds a composite by its last node. */
export type CompositePattern = (
  last: GraphNode,
  graph: Graph,
  fact: (name: string) => Fact,
) => Composite | undefined;

/** A composite whose inner values nothing else needs; undefined where something does. */
export function composite(
  operator: CompositeOperator,
  inputs: readonly string[],
  members: readonly GraphNode[],
  graph: Graph,
): Composite | undefined {
  const last = members.at(-1);
  const inside = new Set(members);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const isPrivate = members
    .slice(0, -1)
    .every(({ output }) =>
      output.every(
        (value) =>
          !outputs.has(value) && graph.consumers(value).every((reader) => inside.has(reader)),
      ),
    );
  if (last === undefined || !isPrivate) return undefined;
  const node = NodeProto.create({
    opType: operator,
    domain: COMPOSITE_DOMAIN,
    name: last.name,
    input: [...inputs],
    output: [...last.output],
  });
  return { node, members };
}
