/** The public entry of the mathematics. */
export { CORRECTOR_NAMES, type CorrectorName } from "./correctors.ts";
export * from "./forward-process.ts";
export * from "./gaussian-mixture.ts";
export * from "./instruction.ts";
export { type InterpretOptions, interpret, type Score } from "./interpret.ts";
export * from "./kernels.ts";
export * from "./noise.ts";
export * from "./parameterization.ts";
export {
  type PredictorCorrectorOptions,
  predictorCorrector,
  predictorCorrectorEvaluations,
} from "./predictor-corrector.ts";
export { PREDICTORS, type PredictorName, predictorsOf } from "./predictors.ts";
export * from "./program.ts";
export { subVariancePreserving } from "./subvp.ts";
export { type VeOptions, varianceExploding } from "./ve.ts";
export { type VpOptions, variancePreserving } from "./vp.ts";
