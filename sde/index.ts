/** The public entry of the mathematics. */
export { CORRECTOR_NAMES, type CorrectorName } from "./correctors.ts";
export { type CosineOptions, cosineProcess } from "./cosine.ts";
export { edmProcess } from "./edm-process.ts";
export {
  type Churn,
  type EdmOptions,
  edmSampler,
  type Restart,
} from "./edm-sampler.ts";
export * from "./forward-process.ts";
export * from "./gaussian-mixture.ts";
export * from "./instruction.ts";
export { type InterpretOptions, interpret, type Score, SolverError } from "./interpret.ts";
export * from "./kernels.ts";
export { type MultistepMethod, type MultistepOptions, multistep } from "./multistep.ts";
export * from "./noise.ts";
export { ddpmProcess, smldProcess } from "./noise-table.ts";
export * from "./parameterization.ts";
export {
  type PredictorCorrectorOptions,
  predictorCorrector,
  predictorCorrectorEvaluations,
} from "./predictor-corrector.ts";
export { PREDICTOR_NAMES, PREDICTORS, type PredictorName, predictorsOf } from "./predictors.ts";
export {
  FLOW_SOLVERS,
  type FlowSolver,
  type ProbabilityFlowOptions,
  probabilityFlow,
} from "./probability-flow.ts";
export * from "./program.ts";
export { subVariancePreserving } from "./subvp.ts";
export { TIME_GRID_NAMES, type TimeGridName } from "./time-grid.ts";
export { type VeOptions, varianceExploding } from "./ve.ts";
export { type VpOptions, variancePreserving } from "./vp.ts";
