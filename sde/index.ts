/** The public entry of the mathematics. */
export * from "./forward-process.ts";
export * from "./instruction.ts";
export * from "./program.ts";
export { subVariancePreserving } from "./subvp.ts";
export { type VeOptions, varianceExploding } from "./ve.ts";
export { type VpOptions, variancePreserving } from "./vp.ts";
