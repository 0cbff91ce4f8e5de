import { unsupported } from "../differentiation-error.ts";
import { mul, total } from "../emit/arithmetic.ts";
import { sumTo } from "../emit/broadcast.ts";
import { expandedLike, reshapedLike, reshapedTo } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, intOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import {
  type NormalizationParts,
  normalizationParts,
  normalizationProduct,
} from "./normalization-parts.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { OperatorRule } from "./rule.ts";

/** The axes from `axis` on as one, the last. */
interface Rows {
  readonly rows: (value: string) => string;
  readonly parts: NormalizationParts;
}

/** @throws DifferentiationError for a form that there is no rule for */
function rowsOf(node: GraphNode, graph: Emitter): Rows {
  if (outputOf(node, 1) !== "" || outputOf(node, 2) !== "") {
    throw unsupported(node, graph.opset, "its mean and standard deviation are outputs");
  }
  const x = inputOf(node);
  const rank = graph.fact(x).shape?.length;
  if (rank === undefined) throw unsupported(node, graph.opset, `the rank of ${x} is not known`);
  const axis = frontAxis(intOf(node, "axis", -1), rank);
  const rows = (value: string): string =>
    axis === rank - 1 ? value : reshapedTo(graph, value, [...Array(axis).fill(0), -1]);
  return { rows, parts: normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5)) };
}

/** The derivative of n times v: symmetric. */
function productOf({ rows, parts }: Rows, v: string, node: GraphNode, graph: Emitter): string {
  const product = normalizationProduct(graph, parts, rows(v), undefined);
  return reshapedLike(graph, product, inputOf(node));
}

/** n, in the shape of x. */
function normalized({ parts }: Rows, node: GraphNode, graph: Emitter): string {
  return reshapedLike(graph, mul(graph, parts.centered, parts.inverseStd), inputOf(node));
}

/** y = scale n + bias, n over the axes from `axis` on, scale and bias of those axes' shape. */
export const layerNormalization: OperatorRule = {
  forward(node, [dx, dScale, dBias], graph) {
    const rows = rowsOf(node, graph);
    const dn = dx && productOf(rows, dx, node, graph);
    const sum = total(graph, [
      dn && mul(graph, dn, inputOf(node, 1)),
      dScale && mul(graph, normalized(rows, node, graph), dScale),
      dBias,
    ]);
    return [sum && expandedLike(graph, sum, inputOf(node))];
  },
  reverse(node, [dy], [x, scale, bias], graph) {
    if (dy === undefined) return [];
    const rows = rowsOf(node, graph);
    const sumLike = (value: string, input: number): string =>
      sumTo(graph, value, inputOf(node, input));
    return [
      x ? productOf(rows, mul(graph, dy, inputOf(node, 1)), node, graph) : undefined,
      scale ? sumLike(mul(graph, dy, normalized(rows, node, graph)), 1) : undefined,
      bias ? sumLike(dy, 2) : undefined,
    ];
  },
};
