import type { ForwardProcess } from "./forward-process.ts";
import type { VeOptions } from "./ve.ts";

/**
 * EDM's process: mean 1, std t; time is the noise level itself, from 0 to sigmaMax: dx = sqrt(2 t) dw.
 *
 * @throws RangeError unless 0 < sigmaMin < sigmaMax.
 * @see Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", table 1.
 */
export function edmProcess({ sigmaMin, sigmaMax }: VeOptions): ForwardProcess {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Number.isFinite(sigmaMax))) {
    throw new RangeError(
      `EDM needs 0 < sigmaMin < sigmaMax; seen sigmaMin ${sigmaMin}, sigmaMax ${sigmaMax}`,
    );
  }
  return {
    kind: "ve",
    endTime: sigmaMax,
    timeGrid: "karras",
    samplingEps: sigmaMin,
    likelihoodEps: sigmaMin,
    priorStd: sigmaMax,
    driftCoefficient: () => 0,
    diffusion: (t) => Math.sqrt(2 * t),
    marginal: (t) => ({ mean: 1, std: t }),
    timeOfSigma: (sigma) => sigma,
  };
}
