export { cotangentName } from "./backward.ts";
export { composed, withOutputs } from "./compose.ts";
export { withoutDeadNodes } from "./dead-nodes.ts";
export {
  DERIVER_VERSION,
  type DerivationMode,
  type DerivationQuestion,
  derivationKey,
} from "./derivation-key.ts";
export { DifferentiationError } from "./differentiation-error.ts";
export { type DifferentiationPath, OPSETS } from "./differentiation-path.ts";
export { externalLocations, withExternalData } from "./external-data.ts";
export { forwardMode, tangentName } from "./forward.ts";
export { GraphBuilder } from "./graph-builder.ts";
export { classifierName, type GuidedOptions, guided } from "./guided.ts";
export {
  type ClassifierOutput,
  type ClassifierPath,
  LABEL_INPUT,
  logProbabilityGradient,
} from "./log-probability-gradient.ts";
export { type OnnxModel, readModel, writeModel } from "./model-file.ts";
export { printed } from "./print.ts";
export { prefixed, renamed } from "./rename.ts";
export { gradientMode, gradientName, reverseMode } from "./reverse.ts";
export { REWRITER_VERSION, REWRITES, rewritten } from "./rewrites/rewritten.ts";
export { DIFFERENTIABLE_OPERATORS } from "./rules/table.ts";
export { type Signature, signatureOf, type ValueSignature } from "./signature.ts";
export type { Dimension } from "./value-info.ts";
