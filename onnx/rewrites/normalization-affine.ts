import { float } from "../attribute.ts";
import type { Emitter } from "../emitter.ts";
import { tensor } from "../tensor.ts";
import { ownProducer, perChannel, type Rewrite } from "./rewrite.ts";

/**
 * scale x + shift, one of each a channel and both in the file, as one BatchNormalization with mean 0 and variance 1: one
 * pass over memory for two. It is what exporters write behind a group normalisation.
 */
export const normalizationAffine: Rewrite = (node, graph) => {
  if (node.opType !== "Add") return [];
  const [a = "", b = ""] = node.input;
  const [product, shiftName] = graph.source.initializer(b) === undefined ? [b, a] : [a, b];
  const multiplied = ownProducer(graph, product, "Mul", node);
  const [left = "", right = ""] = multiplied?.input ?? [];
  const [x, scaleName] =
    graph.source.initializer(right) === undefined ? [right, left] : [left, right];
  const { shape, type } = graph.fact(x);
  const channels = shape?.[1];
  if (shape?.length !== 4 || type !== "float32" || typeof channels !== "number") return [];
  const scale = perChannel(graph, scaleName, shape.length, channels);
  const shift = perChannel(graph, shiftName, shape.length, channels);
  if (scale === undefined || shift === undefined) return [];
  const inputs = [scale, shift, new Float32Array(channels), new Float32Array(channels).fill(1)].map(
    (values) => vector(graph, values),
  );
  graph.define(node.output, "BatchNormalization", [x, ...inputs], { epsilon: float(0) });
  return [node];
};

function vector(graph: Emitter, values: Float32Array): string {
  return graph.constant(tensor("float32", [values.length], values));
}
