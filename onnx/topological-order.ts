import type { GraphProto } from "./gen/onnx.ts";
import { type GraphNode, graphsOf } from "./node-attributes.ts";

/** The values that a node reads, each once: its inputs, and what the graphs inside it take from outside. */
export function readsOf(node: GraphNode): readonly string[] {
  const reads = new Set(node.input);
  for (const graph of graphsOf(node)) for (const name of capturesOf(graph)) reads.add(name);
  reads.delete("");
  return [...reads];
}

function capturesOf(graph: GraphProto): readonly string[] {
  const inside = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const reads = [...graph.node.flatMap(readsOf), ...graph.output.map(({ name }) => name)];
  return reads.filter((name) => !inside.has(name));
}

/**
 * The nodes in an order in which each value is made before it is read: the given order where it is one, else the
 * given order with each node put off until its inputs exist.
 *
 * @param given names of the values that exist from the start
 * @throws RangeError for a value made twice, one that nothing makes, a cycle.
 */
export function topologicalOrder(
  nodes: readonly GraphNode[],
  given: Iterable<string>,
): readonly GraphNode[] {
  const made = new Set(given);
  checkMakers(nodes, made);
  const order: GraphNode[] = [];
  let rest = nodes;
  while (rest.length > 0) {
    const later: GraphNode[] = [];
    for (const node of rest) {
      if (readsOf(node).every((read) => made.has(read))) {
        order.push(node);
        for (const output of node.output) made.add(output);
      } else {
        later.push(node);
      }
    }
    const [stuck] = later;
    if (stuck !== undefined && later.length === rest.length) {
      throw new RangeError(`the node ${stuck.name} (${stuck.opType}) waits for itself in a cycle`);
    }
    rest = later;
  }
  return order;
}

function checkMakers(nodes: readonly GraphNode[], given: ReadonlySet<string>): void {
  const made = new Set(given);
  for (const { output } of nodes) {
    for (const name of output) {
      if (name !== "" && made.has(name)) throw new RangeError(`the value ${name} is made twice`);
      made.add(name);
    }
  }
  for (const node of nodes) {
    const missing = readsOf(node).find((read) => !made.has(read));
    if (missing !== undefined) {
      throw new RangeError(
        `the node ${node.name} (${node.opType}) reads ${missing}, which nothing makes`,
      );
    }
  }
}
