import type { ForwardProcess } from "./forward-process.ts";
import { checkBetas, logMeanCoefficient, timeOfLogMean, type VpOptions } from "./vp.ts";

/**
 * The sub-VP SDE: the drift of the VP SDE with the smaller diffusion
 * g(t)^2 = beta(t) (1 - exp(-2 betaMin t - (betaMax - betaMin) t^2)). Its marginal std is the
 * marginal variance of the VP SDE.
 *
 * @throws RangeError unless 0 < betaMin <= betaMax.
 * @see Song et al. 2021, equations 28 and 29.
 */
export function subVariancePreserving(options: VpOptions): ForwardProcess {
  checkBetas(options);
  const { betaMin, betaMax } = options;
  const beta = (t: number): number => betaMin + t * (betaMax - betaMin);
  return {
    kind: "subvp",
    endTime: 1,
    timeGrid: "uniform",
    samplingEps: 1e-3,
    likelihoodEps: 1e-5,
    priorStd: 1,
    driftCoefficient: (t) => -0.5 * beta(t),
    diffusion: (t) => Math.sqrt(-beta(t) * Math.expm1(4 * logMeanCoefficient(options, t))),
    marginal: (t) => {
      const logMean = logMeanCoefficient(options, t);
      return { mean: Math.exp(logMean), std: -Math.expm1(2 * logMean) };
    },
    // sigma = 1 / mean - mean = -2 sinh(log mean).
    timeOfSigma: (sigma) => timeOfLogMean(options, -Math.asinh(sigma / 2)),
  };
}
