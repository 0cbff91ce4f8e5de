import { total } from "../emit/arithmetic.ts";
import { sumTo } from "../emit/broadcast.ts";
import { expandedLike } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import type { GraphNode } from "../node-attributes.ts";
import type { MaybeValue, OperatorRule } from "./rule.ts";

/**
 * The derivative of y_i = f(a_i, b_i, ...) in one of its inputs, applied: value v -> (df/da) v, element by element.
 * Being diagonal it is its own transpose, so that one function gives the forward and the reverse rule.
 *
 * @param value of the shape of the input (forward) or of the output (reverse); the result may have either's
 * @returns undefined: zero
 */
export type Diagonal = (value: string, node: GraphNode, graph: Emitter) => MaybeValue;

/** Rules of an operator that works element by element, broadcasting. @param of the derivative in an input, by index */
export function pointwise(of: (input: number) => Diagonal): OperatorRule {
  return {
    forward(node, tangents, graph) {
      const terms = tangents.map((tangent, i) => tangent && of(i)(tangent, node, graph));
      const sum = total(graph, terms);
      return [sum === undefined ? undefined : expandedLike(graph, sum, outputOf(node))];
    },
    reverse(node, [cotangent], wanted, graph) {
      return node.input.map((input, i) => {
        if (!wanted[i] || cotangent === undefined) return undefined;
        const product = of(i)(cotangent, node, graph);
        return product && sumTo(graph, product, input);
      });
    },
  };
}

/** Rules of an operator of one input. */
export function unary(derivative: Diagonal): OperatorRule {
  return pointwise(() => derivative);
}

/** Name of an input; "" for one left out. */
export function inputOf(node: GraphNode, index = 0): string {
  return node.input[index] ?? "";
}

/** Name of an output; "" for one left out. */
export function outputOf(node: GraphNode, index = 0): string {
  return node.output[index] ?? "";
}
