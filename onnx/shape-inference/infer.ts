import { type Fact, UNKNOWN } from "../fact.ts";
import { type GraphNode, isStandardDomain } from "../node-attributes.ts";
import type { InferenceContext } from "./rule.ts";
import { INFERENCE } from "./table.ts";

/**
 * What is known of a node's outputs from what is known of its inputs: one fact an output, UNKNOWN for those of
 * operators without a rule. Pure.
 */
export function inferNode(
  node: GraphNode,
  opset: number,
  fact: (name: string) => Fact,
): readonly Fact[] {
  const rule = isStandardDomain(node.domain) ? INFERENCE.get(node.opType) : undefined;
  if (rule === undefined) return node.output.map(() => UNKNOWN);
  const context: InferenceContext = {
    node,
    opset,
    inputs: node.input.map((name) => (name === "" ? undefined : fact(name))),
  };
  return rule(context);
}
