import { withComposites } from "./composites/find.ts";
import { withOrigin } from "./derivation-key.ts";
import { checkedGraph, type DifferentiationPath } from "./differentiation-path.ts";
import { Emitter } from "./emitter.ts";
import { isDifferentiable } from "./fact.ts";
import type { OnnxModel } from "./model-file.ts";
import type { GraphNode } from "./node-attributes.ts";
import { ruleFor } from "./rules/table.ts";
import { readsOf } from "./topological-order.ts";

/**
 * From f to (f, J v), J = df/dx, in one graph and one pass: the model with one more input, `<input>_tangent` (v, of
 * x's shape and type), and one more output, `<output>_tangent` (J v, of f's). A node gets a tangent only where it
 * depends on x and f on it; where a node is linear its tangent reuses its weights. Pure.
 *
 * @throws RangeError where there is no such input or output, or the output does not depend on the input
 * @throws DifferentiationError at the first node that can't be differentiated.
 */
export function forwardMode(model: OnnxModel, path: DifferentiationPath): OnnxModel {
  const { source, input, output } = checkedGraph(model, path);
  const graph = new Emitter(source);
  graph.reserve(tangentName(output.name));
  const v = graph.input({ ...input, name: tangentName(input.name) });
  const tangents = new Map([[input.name, v]]);
  const steps = withComposites(source.ancestors([output.name]), graph);
  for (const node of source.nodes) {
    const step = steps.get(node);
    if (step !== undefined && readsOf(step).some((name) => tangents.has(name))) {
      addNode(node, step, tangents, graph);
    } else {
      graph.copy(node);
    }
  }
  const tangent = tangents.get(output.name);
  if (tangent === undefined) {
    throw new RangeError(`the output ${output.name} does not depend on the input ${input.name}`);
  }
  graph.rename(tangent, tangentName(output.name));
  const outputs = [...source.outputs, { ...output, name: tangentName(output.name) }];
  const derived = graph.finish(outputs, [v]);
  return withOrigin(derived, "forward", path);
}

/** The name of a value's tangent. */
export function tangentName(value: string): string {
  return `${value}_tangent`;
}

/** Adds a node that depends on x, seen by the rules as `step`, with the tangents of its outputs that are not zero. */
function addNode(
  node: GraphNode,
  step: GraphNode,
  tangents: Map<string, string>,
  graph: Emitter,
): void {
  if (!step.output.some((name) => isDifferentiable(graph.fact(name).type))) {
    graph.copy(node);
    return;
  }
  const { primal, forward } = ruleFor(step, graph.opset);
  const made = graph.called(tangentName(step.output[0] ?? ""), () => {
    if (primal === undefined) graph.copy(node);
    else primal(step, graph);
    const given = step.input.map((name) => tangents.get(name));
    return forward(step, given, graph);
  });
  for (const [i, output] of step.output.entries()) {
    const tangent = made[i];
    if (tangent !== undefined && tangent !== "") tangents.set(output, tangent);
  }
}
