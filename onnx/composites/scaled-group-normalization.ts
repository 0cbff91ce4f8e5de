import { named } from "../attribute.ts";
import { constantOf, type Fact } from "../fact.ts";
import type { Graph } from "../graph.ts";
import type { GraphNode } from "../node-attributes.ts";
import { type Composite, type CompositePattern, composite } from "./composite.ts";

/**
 * A group normalisation as exporters write it, up to its scale: x [N, C, ...] as [N, groups, rest],
 * InstanceNormalization without scale or bias of its own, n = the result as [N, C, ...], n times a scale of
 * [C, 1, ...] or [N, C, 1, ...]. Inputs: x, the scale, x in groups. Attribute: epsilon.
 */
export const scaledGroupNormalization: CompositePattern = (last, graph, fact) => {
  if (last.opType !== "Mul") return undefined;
  const [a = "", b = ""] = last.input;
  return match(last, a, b, graph, fact) ?? match(last, b, a, graph, fact);
};

function match(
  last: GraphNode,
  n: string,
  scale: string,
  graph: Graph,
  fact: (name: string) => Fact,
): Composite | undefined {
  const back = producerOf(graph, n, "Reshape");
  const norm = producerOf(graph, back?.input[0], "InstanceNormalization");
  const forth = producerOf(graph, norm?.input[0], "Reshape");
  const x = forth?.input[0];
  if (back === undefined || norm === undefined || forth === undefined || x === undefined) {
    return undefined;
  }
  const [grouped = "", ones = "", zeros = ""] = norm.input;
  const plain =
    constantOf(fact(ones))?.every((value) => value === 1) &&
    constantOf(fact(zeros))?.every((value) => value === 0);
  const groups = fact(grouped).shape;
  if (!plain || groups?.length !== 3 || typeof groups[1] !== "number") return undefined;
  if (!isPerChannel(fact(scale), fact(n))) return undefined;
  const found = composite(
    "ScaledGroupNormalization",
    [x, scale, grouped],
    [forth, norm, back, last],
    graph,
  );
  const epsilon = norm.attribute.find(({ name }) => name === "epsilon");
  if (found === undefined || epsilon === undefined) return found;
  return { ...found, node: { ...found.node, attribute: [named("epsilon", epsilon)] } };
}

function producerOf(
  graph: Graph,
  value: string | undefined,
  operator: string,
): GraphNode | undefined {
  const node = value === undefined ? undefined : graph.producer(value);
  return node?.opType === operator ? node : undefined;
}

/** Whether a scale is one number a channel, of every row or of each, beside a value of [N, C, ...]. */
function isPerChannel({ shape }: Fact, { shape: whole }: Fact): boolean {
  const channels = whole?.[1];
  if (shape === undefined || whole === undefined || typeof channels !== "number") return false;
  const picture = whole.length - 2;
  if (shape.length !== picture + 1 && shape.length !== picture + 2) return false;
  const ones = shape.slice(shape.length - picture).every((dim) => dim === 1);
  return ones && shape[shape.length - picture - 1] === channels;
}
