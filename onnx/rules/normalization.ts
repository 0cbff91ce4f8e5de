import { unsupported } from "../differentiation-error.ts";
import { div, mul, shifted, sub, total } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import { castTo, reshapedLike, unsqueezed } from "../emit/shape.ts";
import { constantValues, type Emitter, indices } from "../emitter.ts";
import { floatOf, type GraphNode, intOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, MaybeValue, OperatorRules } from "./rule.ts";

/** What a normalisation n = (x - mean) / std over some axes is made of. */
interface Normalization {
  /** x - mean. */
  readonly centered: string;
  /** 1 / sqrt(mean (x - mean)^2 + epsilon); the axes of length 1. */
  readonly inverseStd: string;
}

/** The parts of the normalisation of x over the given axes. */
export function normalizationOf(
  graph: Emitter,
  x: string,
  axes: readonly number[],
  epsilon: number,
): Normalization {
  const centered = sub(graph, x, reduce(graph, "ReduceMean", x, axes, true));
  const square = mul(graph, centered, centered);
  const variance = reduce(graph, "ReduceMean", square, axes, true);
  const std = graph.node("Sqrt", [shifted(graph, epsilon, variance)]);
  return { centered, inverseStd: graph.node("Reciprocal", [std]) };
}

/**
 * The tangent of n: r (dx - mean dx - c mean(c dx) r^2), c = x - mean and r = 1 / std. As a matrix it is symmetric, so
 * the same function gives the cotangent of x from that of n.
 *
 * @param scale a factor that is constant along the axes, in with r at no cost; undefined: 1
 */
export function normalizationTangent(
  graph: Emitter,
  { centered, inverseStd }: Normalization,
  dx: string,
  axes: readonly number[],
  scale: MaybeValue,
): string {
  const correlation = reduce(graph, "ReduceMean", mul(graph, centered, dx), axes, true);
  const slope = mul(graph, correlation, mul(graph, inverseStd, inverseStd));
  const free = sub(graph, dx, mul(graph, centered, slope));
  const level = sub(graph, free, reduce(graph, "ReduceMean", dx, axes, true));
  return mul(graph, level, scale === undefined ? inverseStd : mul(graph, scale, inverseStd));
}

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

function axesFrom(first: number, rank: number): readonly number[] {
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

/** y = scale n + bias, n over the picture's axes. */
const instanceNormalization: ForwardRule = (node, [dx, ...parameters], graph) => {
  if (dx === undefined || parameters.some((tangent) => tangent !== undefined)) {
    throw unsupported(node, graph.opset, "its scale or bias depends on x");
  }
  const x = inputOf(node);
  const rank = rankOf(graph, x, node);
  const axes = axesFrom(2, rank);
  const parts = normalizationOf(graph, x, axes, floatOf(node, "epsilon", 1e-5));
  const scale = channelFactor(graph, inputOf(node, 1), rank);
  return [normalizationTangent(graph, parts, dx, axes, scale)];
};

/** y = scale n + bias, n over groups of channels: as InstanceNormalization of x as [batch, groups, rest]. */
const groupNormalization: ForwardRule = (node, [dx, ...parameters], graph) => {
  if (dx === undefined || parameters.some((tangent) => tangent !== undefined)) {
    throw unsupported(node, graph.opset, "its scale or bias depends on x");
  }
  const x = inputOf(node);
  const groups = intOf(node, "num_groups", 1);
  const grouped = (value: string): string =>
    graph.node("Reshape", [value, indices(graph, [0, groups, -1])]);
  const parts = normalizationOf(graph, grouped(x), [2], floatOf(node, "epsilon", 1e-5));
  const tangent = normalizationTangent(graph, parts, grouped(dx), [2], undefined);
  const scale = channelScale(node, groups, graph);
  const dn = reshapedLike(graph, tangent, x);
  return [scale === undefined ? dn : mul(graph, dn, scale)];
};

/** The scale of a GroupNormalization beside x: for each channel since opset 21, before for each group. */
function channelScale(node: GraphNode, groups: number, graph: Emitter): MaybeValue {
  const [x, scale] = [inputOf(node), inputOf(node, 1)];
  const rank = rankOf(graph, x, node);
  if (graph.opset >= 21) return channelFactor(graph, scale, rank);
  const channels = graph.fact(x).shape?.[1];
  if (typeof channels !== "number") {
    throw unsupported(node, graph.opset, "the number of its channels is not known");
  }
  if (constantValues(graph, scale)?.every((factor) => factor === 1)) return undefined;
  const repeated = graph.node("Expand", [
    unsqueezed(graph, scale, [1]),
    indices(graph, [groups, channels / groups]),
  ]);
  return perChannel(graph, graph.node("Reshape", [repeated, indices(graph, [channels])]), rank);
}

/** y = scale n + bias, n over the axes from `axis` on, scale and bias of those axes' shape. */
const layerNormalization: ForwardRule = (node, [dx, dScale, dBias], graph) => {
  const [x, scale] = [inputOf(node), inputOf(node, 1)];
  if (outputOf(node, 1) !== "" || outputOf(node, 2) !== "") {
    throw unsupported(node, graph.opset, "its mean and standard deviation are outputs");
  }
  const rank = rankOf(graph, x, node);
  const axes = axesFrom(frontAxis(intOf(node, "axis", -1), rank), rank);
  const parts = normalizationOf(graph, x, axes, floatOf(node, "epsilon", 1e-5));
  const { centered, inverseStd } = parts;
  const dn = dx && normalizationTangent(graph, parts, dx, axes, undefined);
  const n = dScale && mul(graph, centered, inverseStd);
  return [total(graph, [dn && mul(graph, dn, scale), n && dScale && mul(graph, n, dScale), dBias])];
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
