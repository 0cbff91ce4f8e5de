import { interpret, type Score } from "./interpret.ts";
import type { FillNormal } from "./noise.ts";
import { cosineProcess } from "./processes/cosine.ts";
import { edmProcess } from "./processes/edm-process.ts";
import type { ForwardProcess } from "./processes/forward-process.ts";
import { ddpmProcess, smldProcess } from "./processes/noise-table.ts";
import { subVariancePreserving } from "./processes/subvp.ts";
import { varianceExploding } from "./processes/ve.ts";
import { variancePreserving } from "./processes/vp.ts";
import type { Program } from "./program.ts";

/** Every forward process, by the name that test titles show. */
export const PROCESSES: Readonly<
  Record<"ve" | "vp" | "subvp" | "edm" | "cosine" | "ddpm" | "smld", ForwardProcess>
> = {
  ve: varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 }),
  vp: variancePreserving({ betaMin: 0.1, betaMax: 20 }),
  subvp: subVariancePreserving({ betaMin: 0.1, betaMax: 20 }),
  edm: edmProcess({ sigmaMin: 0.002, sigmaMax: 80 }),
  cosine: cosineProcess({ logSnrMin: -10, logSnrMax: 10 }),
  ddpm: ddpmProcess(Array.from({ length: 1000 }, (_, k) => 1e-4 + (k / 999) * (0.02 - 1e-4))),
  smld: smldProcess(Array.from({ length: 232 }, (_, k) => 0.01 * 5000 ** (k / 231))),
};

/** Data of the tests: N(mean, std^2), every element by itself. */
export const DATA = { mean: 0.7, std: 0.5 } as const;

/** The exact score of the data noised to time t; linear in x. */
export function gaussianScore(process: ForwardProcess): Score {
  return (x, t) => {
    const { mean, std } = process.marginal(t);
    const variance = (mean * DATA.std) ** 2 + std ** 2;
    return Float64Array.from(x, (value) => -(value - mean * DATA.mean) / variance);
  };
}

export interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/**
 * Mean and variance that a sampler gives with a score that is linear in x, without sampling: where every instruction
 * is linear and works element by element, the result is mean + sum_d response_d z_d over the draws d. Element d is
 * given draw d = 1 and all others 0, and the last element none at all.
 */
export function exactMoments(program: Program, score: Score, draws: number): Moments {
  const fill: FillNormal = (out, { draw }) => {
    if (draw >= draws) throw new RangeError(`draw ${draw} of ${draws}`);
    out.fill(0);
    out[draw] = 1;
  };
  const result = interpret(program, score, {
    dims: draws + 1,
    seed: 0n,
    sample: 0,
    precision: "float64",
    fill,
  });
  const mean = result[draws] ?? Number.NaN;
  let variance = 0;
  for (let d = 0; d < draws; d++) variance += ((result[d] ?? Number.NaN) - mean) ** 2;
  return { mean, variance };
}

/** Moments of E[x_0 | x_eps], which a sampler that denoises returns: a little narrower than the data. */
export function denoisedMoments(process: ForwardProcess, eps: number): Moments {
  const { mean, std } = process.marginal(eps);
  const signal = (mean * DATA.std) ** 2;
  return { mean: DATA.mean, variance: (DATA.std ** 2 * signal) / (signal + std ** 2) };
}

/** p of errors that fall as n^-p, from their values at n and 2 n, n and 4 n, ... by least squares. */
export function slope(errors: readonly number[]): number {
  const points = errors.map((error, i) => [i * Math.LN2, -Math.log(error)] as const);
  const mean = (axis: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}
