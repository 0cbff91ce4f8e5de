import { probabilityFlow } from "../flow/probability-flow.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { Program } from "../program.ts";
import { CORRECTOR_NAMES } from "../samplers/correctors.ts";
import { edmSampler } from "../samplers/edm-sampler.ts";
import { type MultistepMethod, multistep } from "../samplers/multistep.ts";
import {
  type PredictorCorrectorOptions,
  predictorCorrector,
} from "../samplers/predictor-corrector.ts";
import type { LinearCondition } from "./linear-condition.ts";

/** A sampler with a few steps, under a condition or without. */
export type ConditionalSampler = (
  process: ForwardProcess,
  condition: LinearCondition | undefined,
) => Program;

/** Predictor-corrector with `over` in place of its defaults here. */
export function pc(
  process: ForwardProcess,
  over: Partial<PredictorCorrectorOptions> = {},
): Program {
  return predictorCorrector({
    process,
    predictor: "reverse-diffusion",
    corrector: "none",
    steps: 6,
    correctorSteps: 1,
    signalToNoise: 0.3,
    eps: process.samplingEps,
    denoise: true,
    correctorFirst: false,
    ...over,
  });
}

function fast(method: MultistepMethod, eta: number): ConditionalSampler {
  return (process, condition) =>
    multistep({
      ...{ process, method, eta, condition },
      ...{ steps: 6, timeGrid: "log-snr", eps: process.samplingEps, order: 3 },
    });
}

function edm(
  over: Pick<Parameters<typeof edmSampler>[0], "churn" | "restart">,
): ConditionalSampler {
  return (process, condition) =>
    edmSampler({
      ...{ process, condition, ...over },
      ...{ steps: 12, timeGrid: "karras", eps: process.samplingEps },
    });
}

function flow(solver: "heun" | "euler", denoise: boolean): ConditionalSampler {
  return (process, condition) =>
    probabilityFlow({
      ...{ process, solver, denoise, condition },
      ...{ direction: "sample", steps: 6, eps: process.samplingEps },
      ...{ relativeTolerance: 1e-3, absoluteTolerance: 1e-3, maxEvaluations: 1000 },
    });
}

/** Every sampler that takes a condition, by the name that test titles show. */
export const CONDITIONAL_SAMPLERS: Readonly<Record<string, ConditionalSampler>> = {
  ...Object.fromEntries(
    CORRECTOR_NAMES.map((corrector): [string, ConditionalSampler] => [
      `predictor-corrector, ${corrector}`,
      (process, condition) => pc(process, { corrector, condition }),
    ]),
  ),
  "corrector first, no last denoising": (process, condition) =>
    pc(process, { corrector: "langevin", correctorFirst: true, denoise: false, condition }),
  "annealed Langevin": (process, condition) =>
    pc(process, { predictor: "none", corrector: "annealed-langevin", condition }),
  resampling: (process, condition) =>
    pc(process, { resampling: { jumpLength: 2, jumps: 2 }, condition }),
  ddim: fast("ddim", 0),
  "ddim, eta 1": fast("ddim", 1),
  "dpm-solver++2m": fast("dpm-solver++2m", 0),
  "dpm-solver++2m-sde": fast("dpm-solver++2m-sde", 1),
  unipc: fast("unipc", 0),
  "edm-heun": edm({}),
  "edm-stochastic": edm({ churn: { total: 30, sigmaMin: 0.01, sigmaMax: 1, noise: 1.007 } }),
  "edm-restart": edm({ restart: { sigmaMin: 0.06, sigmaMax: 0.6, repeats: 2, steps: 2 } }),
  euler: flow("euler", true),
  heun: flow("heun", true),
  "heun, no last denoising": flow("heun", false),
};

/** Numbers in [0, 1) that look random and are the same in every run; by a linear congruence modulo 2^32. */
export function numbers(seed: number, length: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // 24 bits, so that rounding to float32 does not give 1.
    return (state >>> 8) / 2 ** 24;
  });
}

/** Pictures of two rows, the upper one known: each column is a pair of its own, (known, drawn). */
export const pairs = (columns: number): LinearCondition & { transform: "identity" } => ({
  transform: "identity",
  shape: { channels: 1, height: 2, width: columns },
});

export const upperKnown = (columns: number, y: number): readonly [Float64Array, Float64Array] => [
  new Float64Array(2 * columns).fill(y),
  Float64Array.from({ length: 2 * columns }, (_, e) => (e < columns ? 1 : 0)),
];
