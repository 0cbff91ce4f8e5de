import type { CompositePattern } from "./composite.ts";
import { composite } from "./composite.ts";

/** y = x s, s = sigmoid(x), as Sigmoid and Mul. Inputs: x, s. */
export const swish: CompositePattern = (last, graph) => {
  if (last.opType !== "Mul") return undefined;
  const [a = "", b = ""] = last.input;
  for (const [x, s] of [
    [a, b],
    [b, a],
  ] as const) {
    const gate = graph.producer(s);
    if (gate?.opType === "Sigmoid" && gate.input[0] === x) {
      return composite("Swish", [x, s], [gate, last], graph);
    }
  }
  return undefined;
};
