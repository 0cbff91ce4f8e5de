import { type LogLikelihoodOptions, logLikelihood } from "../flow/log-likelihood.ts";
import {
  diffusedMixture,
  type GaussianMixture,
  mixtureSample,
  mixtureScore,
  mixtureScoreTangent,
} from "../gaussian-mixture.ts";
import { type InterpretOptions, interpret, type Score, type ScoreTangent } from "../interpret.ts";
import type { Vector } from "../kernels.ts";
import { fillNormal, uniformNumber } from "../noise.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";

/** Point `sample` of the mixture. */
export function pointOf(mixture: GaussianMixture, sample: number): Float64Array {
  const normals = new Float32Array(mixture.means[0]?.length ?? 0);
  fillNormal(normals, { seed: 11n, sample, draw: 0 });
  return mixtureSample(mixture, uniformNumber({ seed: 11n, sample, draw: 1 }), normals);
}

/** What a solve needs of the data: the exact score and its exact derivative. */
export interface ExactModel {
  readonly score: Score;
  readonly tangent: ScoreTangent;
}

export function exactModel(process: ForwardProcess, mixture: GaussianMixture): ExactModel {
  let at = { time: Number.NaN, mixture };
  const diffused = (time: number): GaussianMixture => {
    if (time !== at.time) {
      at = { time, mixture: diffusedMixture(mixture, process.marginal(time)) };
    }
    return at.mixture;
  };
  return {
    score: (x, t) => mixtureScore(diffused(t), x),
    tangent: (x, t, v) => mixtureScoreTangent(diffused(t), x, v),
  };
}

/** The options of the tests, save where they say otherwise: an exact probe at the tolerances of the paper. */
export function likelihoodOptions(
  over: Pick<LogLikelihoodOptions, "process" | "dims"> & Partial<LogLikelihoodOptions>,
): LogLikelihoodOptions {
  return {
    ...{ solver: "rk45", steps: 10, relativeTolerance: 1e-5, absoluteTolerance: 1e-5 },
    eps: over.process.likelihoodEps,
    maxEvaluations: 1_000_000,
    probe: { kind: "exact" },
    ...over,
  };
}

export interface Likelihood {
  readonly logDensity: number;
  readonly priorLogDensity: number;
  readonly divergence: number;
  readonly latent: Vector;
}

/** Solves for one point, in float64 unless told otherwise. */
export function likelihoodOf(
  options: LogLikelihoodOptions,
  model: ExactModel,
  x: ArrayLike<number>,
  run: Partial<InterpretOptions> = {},
): Likelihood {
  let values: Readonly<Record<string, number>> = {};
  const latent = interpret(logLikelihood(options), model.score, {
    ...{ dims: options.dims, seed: 5n, sample: 0, precision: "float64", inputs: [x] },
    tangent: model.tangent,
    onValues: (answered) => {
      values = answered;
    },
    ...run,
  });
  const { priorLogDensity = Number.NaN, divergence = Number.NaN } = values;
  return { logDensity: priorLogDensity + divergence, priorLogDensity, divergence, latent };
}
