import { unsupported } from "../differentiation-error.ts";
import { div, mul, shifted } from "../emit/arithmetic.ts";
import { constantValues } from "../emit/constant.ts";
import { castTo, reshapedLike, reshapedTo, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { floatOf, type GraphNode, intOf } from "../node-attributes.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { normalizationParts, normalizationProduct } from "./normalization-parts.ts";
import { inputOf } from "./pointwise.ts";
import type { MaybeValue, OperatorRule, OperatorRules } from "./rule.ts";

/** The derivative in x times a tangent; or, transposed, times a cotangent. */
type Product = (v: string, node: GraphNode, graph: Emitter) => string;

/** Rules of a normalisation whose parameters don't depend on x. @param back the transpose; default: symmetric */
function normalization(product: Product, back: Product = product): OperatorRule {
  return {
    forward(node, [dx, ...parameters], graph) {
      const isOfX = dx !== undefined && parameters.every((tangent) => tangent === undefined);
      if (!isOfX) throw dependentParameters(node, graph);
      return [product(dx, node, graph)];
    },
    reverse(node, [dy], [, ...parameters], graph) {
      if (parameters.includes(true)) throw dependentParameters(node, graph);
      return [dy && back(dy, node, graph)];
    },
  };
}

function dependentParameters(node: GraphNode, graph: Emitter): Error {
  return unsupported(node, graph.opset, "its scale or bias depends on x");
}

/** A value for each channel, [C], beside one of the given rank: [C, 1, ...]. */
function perChannel(graph: Emitter, value: string, rank: number): string {
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  return unsqueezed(graph, value, axes);
}

/** A factor for each channel; undefined where it is 1 for all. */
function channelFactor(graph: Emitter, value: string, rank: number): MaybeValue {
  const isOne = constantValues(graph, value)?.every((factor) => factor === 1) ?? false;
  return isOne ? undefined : perChannel(graph, value, rank);
}

/** v times the scale of its channel, where that is not 1 for all. */
function scaledByChannel(graph: Emitter, v: string, scale: string, node: GraphNode): string {
  const factor = channelFactor(graph, scale, rankOf(graph, inputOf(node), node));
  return factor === undefined ? v : mul(graph, v, factor);
}

/** The rank of a value. @throws DifferentiationError where it is not known */
function rankOf(graph: Emitter, value: string, node: GraphNode): number {
  const rank = graph.fact(value).shape?.length;
  if (rank === undefined) throw unsupported(node, graph.opset, `the rank of ${value} is not known`);
  return rank;
}

/** y = scale n + bias, n over each of some groups of channels, the scale one number a group. */
function byGroup(
  v: string,
  node: GraphNode,
  graph: Emitter,
  rows: Rows,
  scale: MaybeValue,
): string {
  const x = inputOf(node);
  const parts = normalizationParts(graph, rows(x), floatOf(node, "epsilon", 1e-5));
  return reshapedLike(graph, normalizationProduct(graph, parts, rows(v), scale), x);
}

/** From [N, groups C, ...] to [N, groups, 1, rest]. */
type Rows = (value: string) => string;

/** n over the picture's axes. */
const instanceNormalization: Product = (v, node, graph) => {
  const rows: Rows = (value) => reshapedTo(graph, value, [0, 0, 1, -1]);
  return byGroup(v, node, graph, rows, channelFactor(graph, inputOf(node, 1), 4));
};

/** The scale is for each channel since opset 21, before for each group. */
function hasChannelScale(graph: Emitter): boolean {
  return graph.opset >= 21;
}

const groupNormalization: Product = (v, node, graph) => {
  const groups = intOf(node, "num_groups", 1);
  const rows: Rows = (value) => reshapedTo(graph, value, [0, groups, 1, -1]);
  const scale = hasChannelScale(graph) ? undefined : channelFactor(graph, inputOf(node, 1), 4);
  return byGroup(v, node, graph, rows, scale);
};

const groupNormalizationForward: Product = (v, node, graph) => {
  const dn = groupNormalization(v, node, graph);
  return hasChannelScale(graph) ? scaledByChannel(graph, dn, inputOf(node, 1), node) : dn;
};

const groupNormalizationBack: Product = (v, node, graph) => {
  const dn = hasChannelScale(graph) ? scaledByChannel(graph, v, inputOf(node, 1), node) : v;
  return groupNormalization(dn, node, graph);
};

/** At inference: y = scale (x - mean) / sqrt(variance + epsilon) + bias, all four constants of the channel. */
const batchNormalization: Product = (v, node, graph) => {
  if (intOf(node, "training_mode", 0) !== 0) {
    const advice = "Export the model after .eval()";
    throw unsupported(node, graph.opset, "it is in training mode", advice);
  }
  const factor = batchNormalizationFactor(node, graph);
  return mul(graph, v, perChannel(graph, factor, rankOf(graph, inputOf(node), node)));
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
  InstanceNormalization: normalization(instanceNormalization),
  GroupNormalization: normalization(groupNormalizationForward, groupNormalizationBack),
  LayerNormalization: layerNormalization,
  BatchNormalization: normalization(batchNormalization),
};
