import type { ForwardProcess } from "./forward-process.ts";

export interface VeOptions {
  /** Smallest noise level, > 0. */
  readonly sigmaMin: number;
  /** Largest noise level; about the largest distance between two training images. */
  readonly sigmaMax: number;
}

/**
 * The variance-exploding SDE: dx = sigma(t) sqrt(2 ln(sigmaMax / sigmaMin)) dw with
 * sigma(t) = sigmaMin (sigmaMax / sigmaMin)^t. Its marginal std is sigma(t).
 *
 * @throws RangeError unless 0 < sigmaMin < sigmaMax.
 * @see Song et al. 2021, equations 30 and 31.
 */
export function varianceExploding({ sigmaMin, sigmaMax }: VeOptions): ForwardProcess {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Number.isFinite(sigmaMax))) {
    throw new RangeError(
      `VE needs 0 < sigmaMin < sigmaMax; seen sigmaMin ${sigmaMin}, sigmaMax ${sigmaMax}`,
    );
  }
  const logRatio = Math.log(sigmaMax / sigmaMin);
  const sigma = (t: number): number => sigmaMin * Math.exp(t * logRatio);
  return {
    kind: "ve",
    endTime: 1,
    timeGrid: "uniform",
    samplingEps: 1e-5,
    likelihoodEps: 1e-5,
    priorStd: sigmaMax,
    driftCoefficient: () => 0,
    diffusion: (t) => sigma(t) * Math.sqrt(2 * logRatio),
    // t = 0 is the end of reverse time, where a sampler stops adding noise. The process itself
    // starts at sigmaMin there (it adds sigma(t), not sqrt(sigma(t)^2 - sigmaMin^2)).
    marginal: (t) => ({ mean: 1, std: sigma(t) }),
    timeOfSigma: (level) => Math.log(level / sigmaMin) / logRatio,
  };
}
