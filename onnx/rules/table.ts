import { noRule } from "../differentiation-error.ts";
import { type GraphNode, isStandardDomain } from "../node-attributes.ts";
import { arithmetic } from "./arithmetic.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

const FAMILIES: readonly OperatorRules[] = [arithmetic];

const RULES: ReadonlyMap<string, OperatorRule> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);

/** The operators that have a rule, sorted. */
export const DIFFERENTIABLE_OPERATORS: readonly string[] = [...RULES.keys()].sort();

/** The rule of a node's operator. @throws DifferentiationError where it has none. */
export function ruleFor(node: GraphNode, opset: number): OperatorRule {
  const rule = isStandardDomain(node.domain) ? RULES.get(node.opType) : undefined;
  if (rule === undefined) throw noRule(node, opset, DIFFERENTIABLE_OPERATORS);
  return rule;
}
