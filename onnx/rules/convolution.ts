import { unsupported } from "../differentiation-error.ts";
import { total } from "../emit/arithmetic.ts";
import { expandedLike, unsqueezed } from "../emit/shape.ts";
import { outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** x * W + b, of Conv and ConvTranspose alike: linear in x and in W, and in b, along the channels. */
const convolution: ForwardRule = (node, [x, w, b], graph) => {
  const [input = "", weights = ""] = node.input;
  const product = (inputs: readonly string[]): string | undefined => graph.again(node, inputs)[0];
  const rank = graph.fact(outputOf(node)).shape?.length;
  if (b !== undefined && rank === undefined) {
    throw unsupported(node, graph.opset, "its bias depends on x and its rank is not known");
  }
  const perChannel = b && unsqueezed(graph, b, axesButSecond(rank ?? 0));
  const sum = total(graph, [x && product([x, weights]), w && product([input, w]), perChannel]);
  return [sum && expandedLike(graph, sum, outputOf(node))];
};

/** From [C] to [1, C, 1, ...]: the axes but the second. */
function axesButSecond(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1);
}

export const convolutions: OperatorRules = {
  Conv: { forward: convolution },
  ConvTranspose: { forward: convolution },
};
