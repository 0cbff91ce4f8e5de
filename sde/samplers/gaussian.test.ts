import test from "ava";
import { interpret, type Score } from "../interpret.ts";
import type { Program } from "../program.ts";
import {
  denoisedMoments,
  exactMoments,
  gaussianScore,
  type Moments,
  PROCESSES,
} from "../testing.ts";
import { CORRECTOR_NAMES, type CorrectorName } from "./correctors.ts";
import { type PredictorCorrectorOptions, predictorCorrector } from "./predictor-corrector.ts";
import { predictorsOf } from "./predictors.ts";

const STEPS = 160;
const DIMS = 4000;

function program(over: Partial<PredictorCorrectorOptions>): Program {
  return predictorCorrector({
    process: PROCESSES.vp,
    predictor: "reverse-diffusion",
    corrector: "none",
    steps: STEPS,
    correctorSteps: 1,
    signalToNoise: 0.05,
    eps: 1e-3,
    denoise: true,
    correctorFirst: false,
    ...over,
  });
}

/** Moments of many independent elements: what is not linear in x, or looks at norms, is sampled. */
function sampledMoments(one: Program, score: Score): Moments {
  const x = Array.from(interpret(one, score, { dims: DIMS, seed: 5n, sample: 0 }));
  const mean = x.reduce((sum, value) => sum + value, 0) / DIMS;
  return { mean, variance: x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DIMS };
}

function isLinear(corrector: CorrectorName): boolean {
  return corrector !== "langevin" && corrector !== "hmc";
}

for (const name of ["ve", "vp", "subvp", "edm", "cosine", "ddpm", "smld"] as const) {
  const process = PROCESSES[name];
  const eps = process.samplingEps;
  const truth = denoisedMoments(process, eps);
  const score = gaussianScore(process);
  for (const predictor of predictorsOf(process)) {
    for (const corrector of CORRECTOR_NAMES) {
      // Correctors alone must do all the mixing, in steps that are larger and more.
      const alone = predictor === "none";
      const over = {
        process,
        predictor,
        corrector,
        eps,
        ...(alone && { signalToNoise: 0.2, correctorSteps: 4 }),
      };
      if (alone && (corrector === "none" || corrector === "denoise-renoise")) continue;
      const title = `${name}, ${predictor}, ${corrector}: Gaussian data comes out with its mean and variance`;
      test(title, (t) => {
        const moments = (steps: number): Moments => {
          const one = program({ ...over, steps });
          const draws = (one.evaluations ?? 0) + 1;
          return isLinear(corrector) ? exactMoments(one, score, draws) : sampledMoments(one, score);
        };
        const [coarse, fine] = [moments(STEPS / 2), moments(STEPS)];
        // A method of first order has half the error at twice the steps: the fine error is about the difference of
        // the two, here taken three times. The prior at T is not quite p_T: the ODE keeps its share of the mean,
        // 0.7 (0.5 / 50) = 0.007 for VE, and less than 0.005 of the variance.
        // Of DIMS = 4000 sampled elements the standard errors are 0.008 and 0.0056: 4 of them.
        const noise = isLinear(corrector) ? 0 : 4;
        const allowed = {
          mean: 3 * Math.abs(fine.mean - coarse.mean) + 0.008 + noise * 0.008,
          variance: 3 * Math.abs(fine.variance - coarse.variance) + 0.005 + noise * 0.0056,
        };
        const off = (moments: Moments) => ({
          mean: Math.abs(moments.mean - truth.mean),
          variance: Math.abs(moments.variance - truth.variance),
        });
        const seen = off(fine);
        t.true(seen.mean < allowed.mean, `mean off by ${seen.mean}, allowed ${allowed.mean}`);
        t.true(
          seen.variance < allowed.variance,
          `variance off by ${seen.variance}, allowed ${allowed.variance}`,
        );
        // And the error does fall: what is not of order zero loses at least a fifth.
        const before = off(coarse);
        t.true(seen.mean < 0.8 * before.mean + 0.008 + noise * 0.008);
        t.true(seen.variance < 0.8 * before.variance + 0.005 + noise * 0.0056);
      });
    }
  }
}
