import type { ForwardProcess } from "../processes/forward-process.ts";
import { gridMarginal, transitionAlpha } from "../processes/transition.ts";

/** One reverse-time step, linear in all it touches: x' = x x + score s(x, t) + noise z, z ~ N(0, I). */
export interface PredictorUpdate {
  readonly x: number;
  readonly score: number;
  readonly noise: number;
}

/** The update of a step of reverse time from t down to `next`, in [0, t). Pure. */
export type Predictor = (process: ForwardProcess, t: number, next: number) => PredictorUpdate;

/**
 * Euler-Maruyama on the reverse SDE dx = (f - g^2 s) dt + g dw.
 *
 * @see Song et al. 2021, equation 6.
 */
export function eulerMaruyama(process: ForwardProcess, t: number, next: number): PredictorUpdate {
  const dt = t - next;
  const g = process.diffusion(t);
  return {
    x: 1 - process.driftCoefficient(t) * dt,
    score: g * g * dt,
    noise: g * Math.sqrt(dt),
  };
}

/**
 * The reverse of the forward process's own discretisation: SMLD's for VE, DDPM's for VP. Sub-VP has none of its own
 * and takes Euler-Maruyama.
 *
 * @see Song et al. 2021, appendix E; algorithms 2 and 3.
 */
export function reverseDiffusion(
  process: ForwardProcess,
  t: number,
  next: number,
): PredictorUpdate {
  switch (process.kind) {
    case "ve": {
      const variance = process.marginal(t).std ** 2 - gridMarginal(process, next).std ** 2;
      return { x: 1, score: variance, noise: Math.sqrt(variance) };
    }
    case "vp": {
      const alpha = transitionAlpha(process, t, next);
      return { x: 2 - Math.sqrt(alpha), score: 1 - alpha, noise: Math.sqrt(1 - alpha) };
    }
    case "subvp":
      return eulerMaruyama(process, t, next);
  }
}

/**
 * Ancestral sampling, SMLD's for VE and DDPM's for VP.
 *
 * @throws RangeError for sub-VP, which has none.
 * @see Song et al. 2021, appendix F; Ho et al. 2020, algorithm 2.
 */
export function ancestral(process: ForwardProcess, t: number, next: number): PredictorUpdate {
  switch (process.kind) {
    case "ve": {
      const variance = process.marginal(t).std ** 2;
      const nextVariance = gridMarginal(process, next).std ** 2;
      const difference = variance - nextVariance;
      return {
        x: 1,
        score: difference,
        noise: Math.sqrt((nextVariance * difference) / variance),
      };
    }
    case "vp": {
      const alpha = transitionAlpha(process, t, next);
      const inverse = 1 / Math.sqrt(alpha);
      return { x: inverse, score: (1 - alpha) * inverse, noise: Math.sqrt(1 - alpha) };
    }
    case "subvp":
      throw new RangeError("ancestral sampling is not defined for the sub-VP process");
  }
}

/**
 * The probability-flow ODE by the discretisation of `reverseDiffusion`: half the score's share, and no noise.
 *
 * @see Song et al. 2021, appendix D.3 and equation 46.
 */
export function discreteProbabilityFlow(
  process: ForwardProcess,
  t: number,
  next: number,
): PredictorUpdate {
  const { x, score } = reverseDiffusion(process, t, next);
  return { x, score: score / 2, noise: 0 };
}

export type PredictorName =
  | "euler-maruyama"
  | "reverse-diffusion"
  | "ancestral"
  | "probability-flow";

/** Every predictor by the name that requests and manifests use; "none" is the absence of one. */
export const PREDICTORS: Readonly<Record<PredictorName, Predictor>> = {
  "euler-maruyama": eulerMaruyama,
  "reverse-diffusion": reverseDiffusion,
  ancestral: ancestral,
  "probability-flow": discreteProbabilityFlow,
};

export const PREDICTOR_NAMES: readonly (PredictorName | "none")[] = [
  "euler-maruyama",
  "reverse-diffusion",
  "ancestral",
  "probability-flow",
  "none",
];

/** The predictors that are defined for a forward process. */
export function predictorsOf(process: ForwardProcess): readonly (PredictorName | "none")[] {
  if (process.kind !== "subvp") return PREDICTOR_NAMES;
  return PREDICTOR_NAMES.filter((name) => name !== "ancestral");
}
