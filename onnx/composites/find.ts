import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import type { CompositePattern } from "./composite.ts";
import { scaledGroupNormalization } from "./scaled-group-normalization.ts";
import { swish } from "./swish.ts";

const PATTERNS: readonly CompositePattern[] = [swish, scaledGroupNormalization];

/**
 * What to differentiate of some nodes of the source, in their order: by each node, the node that the rules see, which
 * is itself, or for the last one of a composite the composite's. The inner nodes of composites are left out.
 */
export function withComposites(
  nodes: readonly GraphNode[],
  graph: Emitter,
): ReadonlyMap<GraphNode, GraphNode> {
  const seen = new Map(nodes.map((node) => [node, node]));
  for (const last of nodes) {
    for (const pattern of PATTERNS) {
      const found = pattern(last, graph.source, (name) => graph.fact(name));
      const inner = found?.members.slice(0, -1);
      // Members that belong to an earlier composite, or end one, stay with that.
      if (found === undefined || inner?.some((member) => seen.get(member) !== member)) continue;
      seen.set(last, found.node);
      for (const member of inner ?? []) seen.delete(member);
      break;
    }
  }
  return seen;
}
