import type { RuleLookup } from "../onnx/backward.ts";
import { scaled } from "../onnx/emit/arithmetic.ts";
import type { ReverseRule } from "../onnx/rules/rule.ts";
import { ruleFor } from "../onnx/rules/table.ts";

/** Breaks a reverse rule on purpose. */
export type ReverseDefect = (reverse: ReverseRule) => ReverseRule;

/** Every cotangent times a factor. */
export function scaledBy(factor: number): ReverseDefect {
  return (reverse) => (node, cotangents, wanted, graph) =>
    reverse(node, cotangents, wanted, graph).map((made) => made && scaled(graph, factor, made));
}

/** An input's cotangent left out. */
export function dropped(input: number): ReverseDefect {
  return (reverse) => (node, cotangents, wanted, graph) =>
    reverse(node, cotangents, wanted, graph).map((made, i) => (i === input ? undefined : made));
}

/** The rules of all operators, that of one with a defect. */
export function withDefect(operator: string, defect: ReverseDefect): RuleLookup {
  return (node, opset) => {
    const rule = ruleFor(node, opset);
    if (node.opType !== operator || rule.reverse === undefined) return rule;
    return { ...rule, reverse: defect(rule.reverse) };
  };
}
