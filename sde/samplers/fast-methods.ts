/** Solvers that use the linear part of the equation exactly, and EDM's: good samples from few evaluations. */
export const FAST_METHODS = [
  "ddim",
  "dpm-solver++2m",
  "dpm-solver++2m-sde",
  "unipc",
  "edm-heun",
  "edm-stochastic",
  "edm-restart",
] as const;

export type FastMethod = (typeof FAST_METHODS)[number];
