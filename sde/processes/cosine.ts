import type { ForwardProcess } from "./forward-process.ts";

export interface CosineOptions {
  /** log(mean^2 / std^2) at t = 1. */
  readonly logSnrMin: number;
  /** log(mean^2 / std^2) at t = 0. */
  readonly logSnrMax: number;
}

/**
 * The cosine process, variance preserving: std / mean = tan(phi) with phi linear in t between the angles of the two
 * signal-to-noise ratios.
 *
 * @throws RangeError unless logSnrMin < logSnrMax.
 * @see Nichol and Dhariwal 2021; Salimans and Ho 2022 (for the angle).
 */
export function cosineProcess({ logSnrMin, logSnrMax }: CosineOptions): ForwardProcess {
  if (!(logSnrMin < logSnrMax && Number.isFinite(logSnrMax - logSnrMin))) {
    throw new RangeError(
      `cosine needs logSnrMin < logSnrMax; seen logSnrMin ${logSnrMin}, logSnrMax ${logSnrMax}`,
    );
  }
  const first = Math.atan(Math.exp(-0.5 * logSnrMax));
  const last = Math.atan(Math.exp(-0.5 * logSnrMin));
  const rate = last - first;
  const angle = (t: number): number => first + t * rate;
  return {
    kind: "vp",
    endTime: 1,
    timeGrid: "uniform",
    samplingEps: 1e-3,
    likelihoodEps: 1e-5,
    priorStd: 1,
    // mean = cos(phi): d log mean / dt = -tan(phi) rate.
    driftCoefficient: (t) => -Math.tan(angle(t)) * rate,
    diffusion: (t) => Math.sqrt(2 * Math.tan(angle(t)) * rate),
    marginal: (t) => ({ mean: Math.cos(angle(t)), std: Math.sin(angle(t)) }),
    timeOfSigma: (sigma) => (Math.atan(sigma) - first) / rate,
  };
}
