import { COMPOSITE_DOMAIN, type CompositeOperator } from "../composites/composite.ts";
import { noRule } from "../differentiation-error.ts";
import { type GraphNode, isStandardDomain } from "../node-attributes.ts";
import { activation } from "./activation.ts";
import { arithmetic } from "./arithmetic.ts";
import { COMPOSITES } from "./composites.ts";
import { constants } from "./constant.ts";
import { convolutions } from "./convolution.ts";
import { gathering } from "./gather.ts";
import { layout } from "./layout.ts";
import { normalizations } from "./normalization.ts";
import { padding } from "./pad.ts";
import { parts } from "./parts.ts";
import { pools } from "./pool.ts";
import { product } from "./product.ts";
import { reductions } from "./reduce.ts";
import { resizes } from "./resize.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";
import { selection } from "./selection.ts";
import { softmaxes } from "./softmax.ts";
import { transcendental } from "./transcendental.ts";

const FAMILIES: readonly OperatorRules[] = [
  activation,
  arithmetic,
  constants,
  convolutions,
  gathering,
  layout,
  normalizations,
  padding,
  parts,
  pools,
  product,
  reductions,
  resizes,
  selection,
  softmaxes,
  transcendental,
];

const RULES: ReadonlyMap<string, OperatorRule> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);

/** The operators that have a rule, sorted. */
export const DIFFERENTIABLE_OPERATORS: readonly string[] = [...RULES.keys()].sort();

/** The rule of a node's operator. @throws DifferentiationError where it has none. */
export function ruleFor(node: GraphNode, opset: number): OperatorRule {
  if (node.domain === COMPOSITE_DOMAIN) return COMPOSITES[node.opType as CompositeOperator];
  const rule = isStandardDomain(node.domain) ? RULES.get(node.opType) : undefined;
  if (rule === undefined) throw noRule(node, opset, DIFFERENTIABLE_OPERATORS);
  return rule;
}
