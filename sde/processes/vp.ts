import type { ForwardProcess } from "./forward-process.ts";

export interface VpOptions {
  /** beta(0), > 0. */
  readonly betaMin: number;
  /** beta(1). */
  readonly betaMax: number;
}

/** log of the mean coefficient, -1/2 of the integral of beta from 0 to t. */
export function logMeanCoefficient({ betaMin, betaMax }: VpOptions, t: number): number {
  return -0.25 * t * t * (betaMax - betaMin) - 0.5 * t * betaMin;
}

/** The t at which the log of the mean coefficient is `logMean`, <= 0: the inverse of `logMeanCoefficient`. */
export function timeOfLogMean({ betaMin, betaMax }: VpOptions, logMean: number): number {
  // The root of (betaMax - betaMin) t^2 / 4 + betaMin t / 2 + logMean = 0, without cancellation.
  const root = Math.sqrt(betaMin * betaMin - 4 * (betaMax - betaMin) * logMean);
  return (-4 * logMean) / (betaMin + root);
}

/** @throws RangeError unless 0 < betaMin <= betaMax. */
export function checkBetas({ betaMin, betaMax }: VpOptions): void {
  if (!(betaMin > 0 && betaMax >= betaMin && Number.isFinite(betaMax))) {
    throw new RangeError(
      `VP needs 0 < betaMin <= betaMax; seen betaMin ${betaMin}, betaMax ${betaMax}`,
    );
  }
}

/**
 * The variance-preserving SDE: dx = -1/2 beta(t) x dt + sqrt(beta(t)) dw with
 * beta(t) = betaMin + t (betaMax - betaMin).
 *
 * @throws RangeError unless 0 < betaMin <= betaMax.
 * @see Song et al. 2021, equations 32 and 33.
 */
export function variancePreserving(options: VpOptions): ForwardProcess {
  checkBetas(options);
  const { betaMin, betaMax } = options;
  const beta = (t: number): number => betaMin + t * (betaMax - betaMin);
  return {
    kind: "vp",
    endTime: 1,
    timeGrid: "uniform",
    samplingEps: 1e-3,
    likelihoodEps: 1e-5,
    priorStd: 1,
    driftCoefficient: (t) => -0.5 * beta(t),
    diffusion: (t) => Math.sqrt(beta(t)),
    marginal: (t) => {
      const logMean = logMeanCoefficient(options, t);
      return { mean: Math.exp(logMean), std: Math.sqrt(-Math.expm1(2 * logMean)) };
    },
    // mean^2 = 1 / (1 + sigma^2).
    timeOfSigma: (sigma) => timeOfLogMean(options, -0.5 * Math.log1p(sigma * sigma)),
  };
}
