import { unsupported } from "../differentiation-error.ts";
import { total } from "../emit/arithmetic.ts";
import type { ForwardRule } from "./rule.ts";

/** Forward rule of operators that are linear in their first input (Reshape): the operator itself on the tangent. */
export const linear: ForwardRule = (node, tangents, graph) => {
  const [tangent, ...others] = tangents;
  if (tangent === undefined || others.some((other) => other !== undefined)) {
    throw unsupported(
      node,
      graph.opset,
      "an input beside the first depends on what is differentiated in",
    );
  }
  return graph.again(node, [tangent, ...node.input.slice(1)]);
};

/** Forward rule of operators that are linear in each of some inputs alone (MatMul): the sum over the inputs. */
export function multilinear(linear: readonly number[]): ForwardRule {
  return (node, tangents, graph) => {
    const terms = linear.map((index) => {
      const tangent = tangents[index];
      if (tangent === undefined) return undefined;
      const inputs = node.input.map((name, i) => (i === index ? tangent : name));
      return graph.again(node, inputs)[0];
    });
    return [total(graph, terms)];
  };
}

/** Forward rule of operators whose outputs don't change with small changes of the inputs, or are no real numbers. */
export const constant: ForwardRule = (node) => node.output.map(() => undefined);
