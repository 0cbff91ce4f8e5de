import { withComposites } from "./composites/find.ts";
import { checkedGraph, type DifferentiationPath } from "./differentiation-path.ts";
import { Emitter } from "./emitter.ts";
import { isDifferentiable } from "./fact.ts";
import type { OnnxModel } from "./model-file.ts";
import type { GraphNode } from "./node-attributes.ts";
import { ruleFor } from "./rules/table.ts";

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
  const tangents = new Map([
    [input.name, graph.input({ ...input, name: tangentName(input.name) })],
  ]);
  const steps = withComposites(source.ancestors([output.name]), graph);
  for (const node of source.nodes) {
    const step = steps.get(node);
    const depends = step?.input.some((name) => tangents.has(name)) ?? false;
    const primal = step && depends ? ruleFor(step, graph.opset).primal : undefined;
    if (step !== undefined && primal !== undefined) primal(step, graph);
    else graph.copy(node);
    if (step !== undefined) addTangents(step, tangents, graph);
  }
  const tangent = tangents.get(output.name);
  if (tangent === undefined) {
    throw new RangeError(`the output ${output.name} does not depend on the input ${input.name}`);
  }
  graph.rename(tangent, tangentName(output.name));
  return graph.finish([...source.outputs, { ...output, name: tangentName(output.name) }]);
}

/** The name of a value's tangent. */
export function tangentName(value: string): string {
  return `${value}_tangent`;
}

/** Adds the tangents of a node's outputs, where they are not zero, to the graph and to `tangents`. */
function addTangents(node: GraphNode, tangents: Map<string, string>, graph: Emitter): void {
  const given = node.input.map((name) => tangents.get(name));
  if (!given.some((tangent) => tangent !== undefined)) return;
  if (!node.output.some((name) => isDifferentiable(graph.fact(name).type))) return;
  const rule = ruleFor(node, graph.opset);
  const made = graph.called(tangentName(node.output[0] ?? ""), () =>
    rule.forward(node, given, graph),
  );
  for (const [i, output] of node.output.entries()) {
    const tangent = made[i];
    if (tangent !== undefined && tangent !== "") tangents.set(output, tangent);
  }
}
