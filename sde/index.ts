/** The public entry of the mathematics. */

export { checkCondition, type LinearCondition } from "./conditions/linear-condition.ts";
export {
  colorization,
  inpainting,
  type Measurement,
  SUPER_RESOLUTION_FACTORS,
  type SuperResolutionFactor,
  superResolution,
} from "./conditions/measurements.ts";
export type { Shape } from "./conditions/shape.ts";
export type { TransformName } from "./conditions/transform.ts";
export {
  type LogLikelihoodOptions,
  type LogLikelihoodValues,
  logLikelihood,
} from "./flow/log-likelihood.ts";
export {
  FLOW_SOLVERS,
  type FlowSettings,
  type FlowSolver,
  type ProbabilityFlowOptions,
  probabilityFlow,
} from "./flow/probability-flow.ts";
export * from "./gaussian-mixture.ts";
export * from "./instruction.ts";
export {
  type InterpretOptions,
  interpret,
  type Score,
  type ScoreTangent,
  SolverError,
} from "./interpret.ts";
export * from "./kernels.ts";
export { spherical } from "./latents.ts";
export { bitsPerDim, checkQuantization, type Quantization } from "./likelihood/bits-per-dim.ts";
export { combineDraws, type LogLikelihoodEstimate } from "./likelihood/combine-draws.ts";
export type { Probe } from "./likelihood/divergence.ts";
export * from "./noise.ts";
export { type CosineOptions, cosineProcess } from "./processes/cosine.ts";
export { edmProcess } from "./processes/edm-process.ts";
export * from "./processes/forward-process.ts";
export { ddpmProcess, smldProcess } from "./processes/noise-table.ts";
export * from "./processes/parameterization.ts";
export { subVariancePreserving } from "./processes/subvp.ts";
export { type VeOptions, varianceExploding } from "./processes/ve.ts";
export { type VpOptions, variancePreserving } from "./processes/vp.ts";
export * from "./program.ts";
export { CORRECTOR_NAMES, type CorrectorName } from "./samplers/correctors.ts";
export {
  type Churn,
  type EdmOptions,
  edmSampler,
  type Restart,
} from "./samplers/edm-sampler.ts";
export { FAST_METHODS, type FastMethod } from "./samplers/fast-methods.ts";
export { type MultistepMethod, type MultistepOptions, multistep } from "./samplers/multistep.ts";
export {
  type PredictorCorrectorOptions,
  predictorCorrector,
  predictorCorrectorEvaluations,
  type Resampling,
} from "./samplers/predictor-corrector.ts";
export {
  PREDICTOR_NAMES,
  PREDICTORS,
  type PredictorName,
  predictorsOf,
} from "./samplers/predictors.ts";
export { TIME_GRID_NAMES, type TimeGridName } from "./samplers/time-grid.ts";
