import { scaled, total } from "../emit/arithmetic.ts";
import { expandedLike } from "../emit/shape.ts";
import { floatOf } from "../node-attributes.ts";
import { multilinear } from "./linear.ts";
import { outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** alpha A B + beta C, A and B transposed or not: the tangent of C is not in the product. */
const gemm: ForwardRule = (node, [a, b, c], graph) => {
  const [left = "", right = ""] = node.input;
  const product = (inputs: readonly string[]): string | undefined => graph.again(node, inputs)[0];
  const bias = c && scaled(graph, floatOf(node, "beta", 1), c);
  const sum = total(graph, [a && product([a, right]), b && product([left, b]), bias]);
  return [sum && expandedLike(graph, sum, outputOf(node))];
};

export const product: OperatorRules = {
  MatMul: { forward: multilinear([0, 1]) },
  Gemm: { forward: gemm },
  Einsum: {
    forward: (node, tangents, graph) =>
      multilinear(node.input.map((_, i) => i))(node, tangents, graph),
  },
};
