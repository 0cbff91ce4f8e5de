import { type Fact, factOfTensor, factOfValueInfo, merged, UNKNOWN } from "../fact.ts";
import type { Graph } from "../graph.ts";
import { inferNode } from "./infer.ts";

/** What is known of every value of a graph: inferred, and where that ends as the file declares it. Pure. */
export function factsOf(graph: Graph): Map<string, Fact> {
  const { input, valueInfo, output } = graph.model.graph;
  const declared = new Map<string, Fact>();
  for (const info of [...valueInfo, ...output, ...input]) {
    declared.set(info.name, factOfValueInfo(info));
  }
  const facts = new Map(declared);
  for (const initializer of graph.initializers) {
    facts.set(initializer.name, factOfTensor(initializer));
  }
  for (const node of graph.nodes) {
    const inferred = inferNode(node, graph.opset, (name) => facts.get(name) ?? UNKNOWN);
    for (const [i, output] of node.output.entries()) {
      if (output === "") continue;
      facts.set(output, merged(inferred[i] ?? UNKNOWN, declared.get(output) ?? UNKNOWN));
    }
  }
  return facts;
}
