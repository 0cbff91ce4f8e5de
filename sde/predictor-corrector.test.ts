import test from "ava";
import type { ForwardProcess } from "./forward-process.ts";
import { interpret } from "./interpret.ts";
import { type PredictorCorrectorOptions, predictorCorrector } from "./predictor-corrector.ts";
import { predictorsOf } from "./predictors.ts";
import { subVariancePreserving } from "./subvp.ts";
import { varianceExploding } from "./ve.ts";
import { variancePreserving } from "./vp.ts";

const processes: readonly ForwardProcess[] = [
  varianceExploding({ sigmaMin: 0.01, sigmaMax: 10 }),
  variancePreserving({ betaMin: 0.1, betaMax: 20 }),
  subVariancePreserving({ betaMin: 0.1, betaMax: 20 }),
];

const MEAN = 0.7;
const STD = 0.5;

/** The exact score of data N(MEAN, STD^2 I) noised to time t. */
function gaussianScore(process: ForwardProcess): (x: ArrayLike<number>, t: number) => Float64Array {
  return (x, t) => {
    const { mean, std } = process.marginal(t);
    const variance = (mean * STD) ** 2 + std ** 2;
    return Float64Array.from(x, (value) => -(value - mean * MEAN) / variance);
  };
}

function options(over: Partial<PredictorCorrectorOptions>): PredictorCorrectorOptions {
  return {
    process: processes[1] as ForwardProcess,
    predictor: "reverse-diffusion",
    corrector: "none",
    steps: 10,
    correctorSteps: 1,
    signalToNoise: 0.1,
    eps: 1e-3,
    denoise: true,
    correctorFirst: false,
    ...over,
  };
}

for (const process of processes) {
  for (const predictor of predictorsOf(process)) {
    for (const corrector of ["none", "langevin"] as const) {
      test(`${process.kind}, ${predictor}, ${corrector}: Gaussian data comes out with its mean and variance`, (t) => {
        const dims = 4000;
        const program = predictorCorrector(
          options({ process, predictor, corrector, steps: 500, signalToNoise: 0.05 }),
        );
        const x = Array.from(
          interpret(program, gaussianScore(process), {
            dims,
            seed: 5n,
            sample: 0,
            precision: "float64",
          }),
        );
        const mean = x.reduce((sum, value) => sum + value, 0) / dims;
        const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dims;
        // Elements are independent: the mean's standard error is STD / sqrt(dims) = 0.0079, the variance's
        // STD^2 sqrt(2 / dims) = 0.0056. Four of them, plus a first-order discretisation error of a few 1 / steps.
        t.true(Math.abs(mean - MEAN) < 4 * 0.0079 + 0.01, `mean ${mean}`);
        t.true(
          Math.abs(variance - STD ** 2) < 4 * 0.0056 + 0.02 * STD ** 2 + 0.005,
          `variance ${variance}`,
        );
      });
    }
  }
}

test("evaluations are counted ahead and happen at falling times, in the paper's order and the reference's", (t) => {
  for (const correctorFirst of [false, true]) {
    const program = predictorCorrector(
      options({ steps: 4, corrector: "langevin", correctorSteps: 2, correctorFirst }),
    );
    const times: number[] = [];
    interpret(
      program,
      (x, time) => {
        times.push(time);
        return x;
      },
      { dims: 3, seed: 1n, sample: 0 },
    );
    t.is(program.evaluations, times.length);
    // N predictor steps; M corrector steps at each time, save, in the paper's order, at time T.
    t.is(times.length, 4 + 2 * (correctorFirst ? 4 : 3));
    t.deepEqual(
      times,
      [...times].sort((a, b) => b - a),
    );
    t.is(times[0], 1);
    t.is(times.at(-1), 1e-3);
  }
});

test("the last step returns Tweedie's estimate, and with denoise off one more noisy step", (t) => {
  const score = gaussianScore(processes[1] as ForwardProcess);
  const run = (denoise: boolean, onEstimate: (x: ArrayLike<number>) => void): ArrayLike<number> =>
    interpret(predictorCorrector(options({ denoise })), score, {
      dims: 8,
      seed: 3n,
      sample: 0,
      onEstimate,
    });
  let last: ArrayLike<number> = [];
  const keep = (x: ArrayLike<number>): void => {
    last = Float32Array.from(x);
  };
  t.deepEqual(Array.from(run(true, keep)), Array.from(last));
  t.notDeepEqual(Array.from(run(false, keep)), Array.from(last));
});

test("the same seed and sample give the same result, another sample another", (t) => {
  const program = predictorCorrector(options({ corrector: "langevin" }));
  const score = gaussianScore(processes[1] as ForwardProcess);
  const run = (sample: number): number[] =>
    Array.from(interpret(program, score, { dims: 8, seed: 3n, sample }));
  t.deepEqual(run(0), run(0));
  t.notDeepEqual(run(0), run(1));
});

test("what can't be is refused before anything runs", (t) => {
  const subvp = processes[2] as ForwardProcess;
  t.throws(() => predictorCorrector(options({ process: subvp, predictor: "ancestral" })), {
    instanceOf: RangeError,
    message: /sub-VP/,
  });
  t.throws(() => predictorCorrector(options({ steps: 0 })), { message: /steps .* seen 0/ });
  t.throws(() => predictorCorrector(options({ eps: 1 })), { message: /eps .* seen 1/ });
  t.throws(() => predictorCorrector(options({ eps: Number.NaN })), { message: /seen NaN/ });
});
