import { unsupported } from "../differentiation-error.ts";
import { div, mul, shifted, total } from "../emit/arithmetic.ts";
import { constantValues } from "../emit/constant.ts";
import { castTo, expandedLike, reshapedLike, reshapedTo, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, intOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import { normalizationParts, normalizationProduct } from "./normalization-parts.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, MaybeValue, OperatorRules } from "./rule.ts";

/** The rank of a value. @throws DifferentiationError where it is not known */
function rankOf(graph: Emitter, value: string, node: GraphNode): number {
  const rank = graph.fact(value).shape?.length;
  if (rank === undefined) throw unsupported(node, graph.opset, `the rank of ${value} is not known`);
  return rank;
}

/** A value for each channel, [C], beside one of the given rank: [C, 1, ...]. */
function perChannel(graph: Emitter, value: string, rank: number): string {
  return unsqueezed(
    graph,
    value,
    Array.from({ length: rank - 2 }, (_, i) => i + 1),
  );
}

/** A factor for each channel; undefined where it is 1 for all. */
function channelFactor(graph: Emitter, value: string, rank: number): MaybeValue {
  const isOne = constantValues(graph, value)?.every((factor) => factor === 1) ?? false;
  return isOne ? undefined : perChannel(graph, value, rank);
}

/** y = scale n + bias, n over the picture's axes. */
const instanceNormalization: ForwardRule = (node, [dx, ...parameters], graph) => {
  if (dx === undefined || parameters.some((tangent) => tangent !== undefined)) {
    throw unsupported(node, graph.opset, "its scale or bias depends on x");
  }
  const x = inputOf(node);
  const rows = (value: string): string => reshapedTo(graph, value, [0, 0, 1, -1]);
  const parts = normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5));
  const scale = channelFactor(graph, inputOf(node, 1), 4);
  return [reshapedLike(graph, normalizationProduct(graph, parts, rows(dx), scale), x)];
};

/** y = scale n + bias, n over groups of channels: as InstanceNormalization of x as [batch, groups, rest]. */
const groupNormalization: ForwardRule = (node, [dx, ...parameters], graph) => {
  if (dx === undefined || parameters.some((tangent) => tangent !== undefined)) {
    throw unsupported(node, graph.opset, "its scale or bias depends on x");
  }
  const x = inputOf(node);
  const groups = intOf(node, "num_groups", 1);
  const rows = (value: string): string => reshapedTo(graph, value, [0, groups, 1, -1]);
  const parts = normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5));
  // The scale is for each channel since opset 21, before for each group.
  const isPerGroup = graph.opset < 21;
  const groupScale = isPerGroup ? channelFactor(graph, inputOf(node, 1), 4) : undefined;
  const product = normalizationProduct(graph, parts, rows(dx), groupScale);
  const dn = reshapedLike(graph, product, x);
  if (isPerGroup) return [dn];
  const scale = channelFactor(graph, inputOf(node, 1), rankOf(graph, x, node));
  return [scale === undefined ? dn : mul(graph, dn, scale)];
};

/** y = scale n + bias, n over the axes from `axis` on, scale and bias of those axes' shape. */
const layerNormalization: ForwardRule = (node, [dx, dScale, dBias], graph) => {
  if (outputOf(node, 1) !== "" || outputOf(node, 2) !== "") {
    throw unsupported(node, graph.opset, "its mean and standard deviation are outputs");
  }
  const [x, scale] = [inputOf(node), inputOf(node, 1)];
  const rank = rankOf(graph, x, node);
  const axis = frontAxis(intOf(node, "axis", -1), rank);
  const rows = (value: string): string =>
    axis === rank - 1 ? value : reshapedTo(graph, value, [...Array(axis).fill(0), -1]);
  const parts = normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5));
  const dn = dx && reshapedLike(graph, normalizationProduct(graph, parts, rows(dx), undefined), x);
  const n = dScale && reshapedLike(graph, mul(graph, parts.centered, parts.inverseStd), x);
  const sum = total(graph, [
    dn && mul(graph, dn, scale),
    n && dScale && mul(graph, n, dScale),
    dBias,
  ]);
  return [sum && expandedLike(graph, sum, x)];
};

/** At inference: y = scale (x - mean) / sqrt(variance + epsilon) + bias, all four constants of the channel. */
const batchNormalization: ForwardRule = (node, [dx, ...parameters], graph) => {
  if (intOf(node, "training_mode", 0) !== 0) {
    throw unsupported(
      node,
      graph.opset,
      "it is in training mode",
      "Export the model after .eval()",
    );
  }
  if (dx === undefined || parameters.some((tangent) => tangent !== undefined)) {
    throw unsupported(node, graph.opset, "its scale or bias depends on x");
  }
  const factor = batchNormalizationFactor(node, graph);
  return [mul(graph, dx, perChannel(graph, factor, rankOf(graph, inputOf(node), node)))];
};

/** scale / sqrt(variance + epsilon), in the type of x. */
export function batchNormalizationFactor(node: GraphNode, graph: Emitter): string {
  const std = graph.node("Sqrt", [
    shifted(graph, floatOf(node, "epsilon", 1e-5), inputOf(node, 4)),
  ]);
  const { type = "float32" } = graph.fact(inputOf(node));
  return castTo(graph, div(graph, inputOf(node, 1), std), type);
}

export const normalizations: OperatorRules = {
  InstanceNormalization: { forward: instanceNormalization },
  GroupNormalization: { forward: groupNormalization },
  LayerNormalization: { forward: layerNormalization },
  BatchNormalization: { forward: batchNormalization },
};
