import { Graph } from "./graph.ts";
import type { OnnxModel } from "./model-file.ts";
import { readsOf } from "./topological-order.ts";

/** The model without nodes, initialisers and value descriptions that no output needs; its inputs all stay. Pure. */
export function withoutDeadNodes(model: OnnxModel): OnnxModel {
  const outputs = model.graph.output.map(({ name }) => name);
  const node = new Graph(model).ancestors(outputs).map((alive) => ({ ...alive }));
  const read = new Set([...outputs, ...node.flatMap(readsOf)]);
  const made = new Set(node.flatMap(({ output }) => output));
  const graph = {
    ...model.graph,
    node,
    initializer: model.graph.initializer.filter(({ name }) => read.has(name)),
    valueInfo: model.graph.valueInfo.filter(({ name }) => made.has(name)),
  };
  return { ...model, graph };
}
