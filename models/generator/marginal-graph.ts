import type { GraphBuilder } from "../../onnx/graph-builder.ts";
import { tensor } from "../../onnx/tensor.ts";
import type { VpOptions } from "../../sde/processes/vp.ts";
import type { MarginalValues } from "./score-graph.ts";

function scalar(graph: GraphBuilder, name: string, value: number): string {
  return graph.initializer(name, tensor("float32", [], [value]));
}

/** A value of shape [batch] as one of shape [batch, 1, 1]. */
export function addColumn(graph: GraphBuilder, value: string): string {
  const shape = graph.initializer("column_shape", tensor("int64", [3], [-1, 1, 1]));
  return graph.node("Reshape", [value, shape]);
}

/** The marginal of the VE process from sigma, of shape [batch, 1, 1]. */
export function addVeMarginal(graph: GraphBuilder, sigma: string): MarginalValues {
  return {
    mean: scalar(graph, "mean", 1),
    variance: graph.node("Mul", [sigma, sigma], {}, { name: "variance" }),
  };
}

/** The marginal of the VP process from t, of shape [batch, 1, 1]. */
export function addVpMarginal(graph: GraphBuilder, options: VpOptions, t: string): MarginalValues {
  const { mean, variance } = addVp(graph, options, t);
  return { mean, variance };
}

/** The marginal of the sub-VP process from t, of shape [batch, 1, 1]: its std is the variance of VP. */
export function addSubvpMarginal(
  graph: GraphBuilder,
  options: VpOptions,
  t: string,
): MarginalValues {
  const { mean, variance: std } = addVp(graph, options, t);
  return { mean, variance: graph.node("Mul", [std, std]) };
}

/**
 * With y = betaMin t + (betaMax - betaMin) t^2 / 2: mean = exp(-y / 2) and variance = 1 - exp(-y), the latter as
 * 2 tanh(y / 2) / (1 + tanh(y / 2)), which keeps its digits in float32 where y is small. ONNX has no expm1.
 */
function addVp(graph: GraphBuilder, { betaMin, betaMax }: VpOptions, t: string): MarginalValues {
  const slope = scalar(graph, "quarter_beta_slope", (betaMax - betaMin) / 4);
  const start = scalar(graph, "half_beta_min", betaMin / 2);
  const halfBeta = graph.node("Add", [start, graph.node("Mul", [slope, t])]);
  const halfY = graph.node("Mul", [halfBeta, t], {}, { name: "half_integral_of_beta" });
  const tanh = graph.node("Tanh", [halfY]);
  const twice = graph.node("Add", [tanh, tanh]);
  const onePlus = graph.node("Add", [scalar(graph, "one", 1), tanh]);
  return {
    mean: graph.node("Exp", [graph.node("Neg", [halfY])], {}, { name: "mean" }),
    variance: graph.node("Div", [twice, onePlus], {}, { name: "vp_variance" }),
  };
}
