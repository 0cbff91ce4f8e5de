import { int } from "../../onnx/attribute.ts";
import type { GraphBuilder } from "../../onnx/graph-builder.ts";
import { tensor } from "../../onnx/tensor.ts";
import type { GaussianMixture } from "../../sde/gaussian-mixture.ts";
import { SHAPE } from "./mixture.ts";

/** Names of values of shape [batch, 1, 1]. */
export interface MarginalValues {
  /** Mean coefficient of p(x_t | x_0). */
  readonly mean: string;
  /** Variance of p(x_t | x_0). */
  readonly variance: string;
}

/**
 * Adds the score of the diffused mixture to a graph, in float32 (K components, D elements of a picture):
 *
 *   v_k = mean^2 std_k^2 + variance,  d_k = mean mean_k - x,
 *   score = sum_k softmax_k(log w_k - D/2 log v_k - |d_k|^2 / (2 v_k)) d_k / v_k
 *
 * The softmax takes its largest term out, so nothing overflows. The logarithm is that of v_k / (mean^2 max std^2 +
 * variance), which differs from log v_k by the same number in each component and keeps its digits where v is large.
 *
 * @param x name of the input of shape [batch, channels, height, width]
 * @returns name of the score, of the shape of x
 */
export function addMixtureScore(
  graph: GraphBuilder,
  mixture: GaussianMixture,
  x: string,
  { mean, variance }: MarginalValues,
  name: string,
): string {
  const { channels, height, width } = SHAPE;
  const dims = channels * height * width;
  const count = mixture.weights.length;
  const perComponent = (initializer: string, values: readonly number[]): string =>
    graph.initializer(initializer, tensor("float32", [1, count, 1], values));
  const scalar = (initializer: string, value: number): string =>
    graph.initializer(initializer, tensor("float32", [], [value]));

  const means = graph.initializer(
    "means",
    tensor("float32", [1, count, dims], mixture.means.flat()),
  );
  const flat = graph.initializer("flat_shape", tensor("int64", [3], [-1, 1, dims]));
  const rows = graph.node("Reshape", [x, flat]);
  const offset = graph.node(
    "Sub",
    [graph.node("Mul", [mean, means]), rows],
    {},
    { name: "offset" },
  );

  const meanSquared = graph.node("Mul", [mean, mean]);
  const variances = perComponent(
    "variances",
    mixture.stds.map((std) => std * std),
  );
  const total = (componentVariance: string, output: string): string => {
    const scaled = graph.node("Mul", [meanSquared, componentVariance]);
    return graph.node("Add", [scaled, variance], {}, { name: output });
  };
  const v = total(variances, "component_variance");
  const largest = total(
    scalar("largest_variance", Math.max(...mixture.stds) ** 2),
    "base_variance",
  );

  const last = graph.initializer("element_axis", tensor("int64", [1], [2]));
  const squares = graph.node("Mul", [offset, offset]);
  const squared = graph.node("ReduceSum", [squares, last], { keepdims: int(1) });
  const quadratic = graph.node("Mul", [scalar("half", 0.5), graph.node("Div", [squared, v])]);
  const logRatio = graph.node("Log", [graph.node("Div", [v, largest])]);
  const volume = graph.node("Mul", [scalar("half_dims", dims / 2), logRatio]);
  const logWeights = perComponent("log_weights", mixture.weights.map(Math.log));
  const logits = graph.node("Sub", [graph.node("Sub", [logWeights, volume]), quadratic]);
  const responsibility = graph.node(
    "Softmax",
    [logits],
    { axis: int(1) },
    { name: "responsibility" },
  );

  const pull = graph.node("Mul", [graph.node("Div", [responsibility, v]), offset]);
  const components = graph.initializer("component_axis", tensor("int64", [1], [1]));
  const sum = graph.node("ReduceSum", [pull, components], { keepdims: int(0) });
  const shape = graph.initializer("shape", tensor("int64", [4], [-1, channels, height, width]));
  return graph.node("Reshape", [sum, shape], {}, { name });
}
