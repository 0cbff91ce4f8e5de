import test from "ava";
import { interpret } from "../interpret.ts";
import { gaussianScore, PROCESSES } from "../testing.ts";
import { type PredictorCorrectorOptions, predictorCorrector } from "./predictor-corrector.ts";

function options(over: Partial<PredictorCorrectorOptions>): PredictorCorrectorOptions {
  return {
    process: PROCESSES.vp,
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
  const score = gaussianScore(PROCESSES.vp);
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
  const score = gaussianScore(PROCESSES.vp);
  const run = (sample: number): number[] =>
    Array.from(interpret(program, score, { dims: 8, seed: 3n, sample }));
  t.deepEqual(run(0), run(0));
  t.notDeepEqual(run(0), run(1));
});

test("what can't be is refused before anything runs", (t) => {
  t.throws(
    () => predictorCorrector(options({ process: PROCESSES.subvp, predictor: "ancestral" })),
    {
      instanceOf: RangeError,
      message: /sub-VP/,
    },
  );
  t.throws(() => predictorCorrector(options({ steps: 0 })), { message: /steps .* seen 0/ });
  t.throws(() => predictorCorrector(options({ eps: 1 })), { message: /eps .* seen 1/ });
  t.throws(() => predictorCorrector(options({ eps: Number.NaN })), { message: /seen NaN/ });
});
