import { withComposites } from "./composites/find.ts";
import { unsupported } from "./differentiation-error.ts";
import type { DifferentiationPath } from "./differentiation-path.ts";
import { add } from "./emit/arithmetic.ts";
import type { Emitter } from "./emitter.ts";
import { isDifferentiable } from "./fact.ts";
import type { GraphNode } from "./node-attributes.ts";
import { constant } from "./rules/linear.ts";
import type { OperatorRule, ReverseRule } from "./rules/rule.ts";
import { ruleFor } from "./rules/table.ts";
import { readsOf } from "./topological-order.ts";

/** Finds the rule of a node. @throws DifferentiationError where it has none */
export type RuleLookup = (node: GraphNode, opset: number) => OperatorRule;

/** A node between x and f, as the rules see it. */
export interface BackwardStep {
  readonly node: GraphNode;
  /** One an input: whether it depends on x. */
  readonly wanted: readonly boolean[];
  readonly reverse: ReverseRule;
}

/**
 * Takes over the source's nodes.
 *
 * @returns those that f depends on x through, in their order
 * @throws DifferentiationError at the first of them that can't be differentiated
 */
export function takenOver(
  graph: Emitter,
  { input, output }: DifferentiationPath,
  ruleOf: RuleLookup = ruleFor,
): readonly BackwardStep[] {
  const seen = withComposites(graph.source.ancestors([output]), graph);
  const active = new Set([input]);
  const steps: BackwardStep[] = [];
  for (const node of graph.source.nodes) {
    const step = seen.get(node);
    const isBetween = step !== undefined && readsOf(step).some((name) => active.has(name));
    const outputs = step?.output.filter((name) => isDifferentiable(graph.fact(name).type)) ?? [];
    if (!isBetween || outputs.length === 0) {
      graph.copy(node);
      continue;
    }
    const { primal, forward, reverse } = ruleOf(step, graph.opset);
    if (primal === undefined) graph.copy(node);
    else graph.called(step.output[0] ?? "", () => primal(step, graph));
    if (forward === constant) continue;
    if (reverse === undefined) {
      throw unsupported(step, graph.opset, "its rule has no reverse mode");
    }
    steps.push({ node: step, wanted: step.input.map((name) => active.has(name)), reverse });
    for (const name of outputs) active.add(name);
  }
  return steps;
}

/**
 * Walks back from f to x: each node between them hands the cotangents of its outputs on to its inputs, and what several
 * nodes hand to one value is added up.
 *
 * @param seed the cotangent of f, of its type and shape
 * @returns the cotangent of x
 * @throws RangeError where f does not depend on x
 */
export function pulledBack(
  graph: Emitter,
  steps: readonly BackwardStep[],
  { input, output }: DifferentiationPath,
  seed: string,
): string {
  const cotangents = new Map([[output, seed]]);
  for (const step of steps.toReversed()) handBack(step, cotangents, graph);
  const cotangent = cotangents.get(input);
  if (cotangent !== undefined) return cotangent;
  throw new RangeError(`the output ${output} does not depend on the input ${input}`);
}

/** The name of a value's cotangent. */
export function cotangentName(value: string): string {
  return `${value}_cotangent`;
}

/** Adds the cotangents of a node's inputs to those that they have. */
function handBack(
  { node, wanted, reverse }: BackwardStep,
  cotangents: Map<string, string>,
  graph: Emitter,
): void {
  const given = node.output.map((name) => cotangents.get(name));
  if (given.every((cotangent) => cotangent === undefined)) return;
  graph.called(cotangentName(node.output[0] ?? ""), () => {
    for (const [i, made] of reverse(node, given, wanted, graph).entries()) {
      const input = node.input[i];
      if (input === undefined || made === undefined || !wanted[i]) continue;
      const before = cotangents.get(input);
      cotangents.set(input, before === undefined ? made : add(graph, before, made));
    }
  });
}
