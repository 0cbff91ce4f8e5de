import { float, int } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { scaled, total } from "../emit/arithmetic.ts";
import { sumTo } from "../emit/broadcast.ts";
import { expandedLike, reshapedLike, transposed, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, intOf } from "../node-attributes.ts";
import { einsum } from "./einsum.ts";
import { multilinear } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules, ReverseRule } from "./rule.ts";

/** Of Y = A B: W B^T and A^T W, summed over the stacks that broadcast. A vector is a row on the left, a column on the right. */
const matmul: ReverseRule = (node, [cotangent], wanted, graph) => {
  if (cotangent === undefined) return [];
  const [a, b] = [inputOf(node), inputOf(node, 1)];
  const [rankA, rankB] = [a, b].map((value) => graph.fact(value).shape?.length);
  if (rankA === undefined || rankB === undefined) {
    throw unsupported(node, graph.opset, "the ranks of its factors are not known");
  }
  const left = rankA === 1 ? unsqueezed(graph, a, [0]) : a;
  const right = rankB === 1 ? unsqueezed(graph, b, [1]) : b;
  const rows = rankB === 1 ? unsqueezed(graph, cotangent, [-1]) : cotangent;
  const w = rankA === 1 ? unsqueezed(graph, rows, [-2]) : rows;
  const inA = (): string =>
    graph.node("MatMul", [w, matrixTransposed(graph, right, Math.max(rankB, 2))]);
  const inB = (): string =>
    graph.node("MatMul", [matrixTransposed(graph, left, Math.max(rankA, 2)), w]);
  return [
    wanted[0] ? sumTo(graph, inA(), a) : undefined,
    wanted[1] ? sumTo(graph, inB(), right) : undefined,
  ].map((made, i) => made && (i === 1 && rankB === 1 ? reshapedLike(graph, made, b) : made));
};

function matrixTransposed(graph: Emitter, value: string, rank: number): string {
  const axes = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return transposed(graph, value, [...axes, rank - 1, rank - 2]);
}

/** alpha A B + beta C, A and B transposed or not: the tangent of C is not in the product. */
const gemm: OperatorRule = {
  forward(node, [a, b, c], graph) {
    const [left = "", right = ""] = node.input;
    const product = (inputs: readonly string[]): string | undefined => graph.again(node, inputs)[0];
    const bias = c && scaled(graph, floatOf(node, "beta", 1), c);
    const sum = total(graph, [a && product([a, right]), b && product([left, b]), bias]);
    return [sum && expandedLike(graph, sum, outputOf(node))];
  },
  reverse(node, [w], wanted, graph) {
    if (w === undefined) return [];
    const [a, b, c] = [inputOf(node), inputOf(node, 1), inputOf(node, 2)];
    const [transA, transB] = [intOf(node, "transA", 0), intOf(node, "transB", 0)];
    const inA = transA
      ? () => gemmOf(node, b, transB, w, 1, graph)
      : () => gemmOf(node, w, 0, b, 1 - transB, graph);
    const inB = transB
      ? () => gemmOf(node, w, 1, a, transA, graph)
      : () => gemmOf(node, a, 1 - transA, w, 0, graph);
    const inC = (): string => scaled(graph, floatOf(node, "beta", 1), sumTo(graph, w, c));
    return [inA, inB, inC].map((emit, i) => (wanted[i] ? emit() : undefined));
  },
};

/** A product of a Gemm's alpha, its factors transposed or not. */
function gemmOf(
  node: GraphNode,
  a: string,
  transA: number,
  b: string,
  transB: number,
  graph: Emitter,
): string {
  const alpha = float(floatOf(node, "alpha", 1));
  return graph.node("Gemm", [a, b], { alpha, transA: int(transA), transB: int(transB) });
}

export const product: OperatorRules = {
  MatMul: { forward: multilinear([0, 1]), reverse: matmul },
  Gemm: gemm,
  Einsum: {
    forward: (node, tangents, graph) =>
      multilinear(node.input.map((_, i) => i))(node, tangents, graph),
    reverse: einsum,
  },
};
