import { unsupported } from "../differentiation-error.ts";
import { total } from "../emit/arithmetic.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import type { ForwardRule, OperatorRule } from "./rule.ts";

/** Forward rule of operators that are linear in their first input (Reshape): the operator itself on the tangent. */
export const linear: ForwardRule = (node, tangents, graph) => {
  const [tangent, ...others] = tangents;
  if (tangent === undefined || others.some((other) => other !== undefined)) {
    throw dependsOnX(node, graph);
  }
  return graph.again(node, [tangent, ...node.input.slice(1)]);
};

/** The transpose of an operator that is linear in its first input, on the cotangent of its first output. */
export type Transpose = (cotangent: string, node: GraphNode, graph: Emitter) => string;

/** Rules of an operator that is linear in its first input, with one output. */
export function transposable(transpose: Transpose): OperatorRule {
  return {
    forward: linear,
    reverse(node, [cotangent], wanted, graph) {
      if (wanted.slice(1).includes(true)) throw dependsOnX(node, graph);
      return [cotangent && transpose(cotangent, node, graph)];
    },
  };
}

function dependsOnX(node: GraphNode, graph: Emitter): Error {
  const reason = "an input beside the first depends on what is differentiated in";
  return unsupported(node, graph.opset, reason);
}

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
