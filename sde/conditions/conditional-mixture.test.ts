import test from "ava";
import {
  diffusedMixture,
  type GaussianMixture,
  mixtureMean,
  mixtureResponsibilities,
  mixtureScore,
} from "../gaussian-mixture.ts";
import { interpret, type Score } from "../interpret.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { PredictorCorrectorOptions } from "../samplers/predictor-corrector.ts";
import { PROCESSES } from "../testing.ts";
import { pairs, pc, upperKnown } from "./testing.ts";

type Over = Partial<PredictorCorrectorOptions>;

/** Independent pairs out of a mixture in two dimensions, drawn under the condition that the upper one is y. */
function mixtureDraws(
  mixture: GaussianMixture,
  process: ForwardProcess,
  y: number,
  columns: number,
  over: Over,
): Float32Array {
  const diffused = new Map<number, GaussianMixture>();
  const score: Score = (x, time) => {
    const at = diffused.get(time) ?? diffusedMixture(mixture, process.marginal(time));
    diffused.set(time, at);
    const out = new Float64Array(x.length);
    for (let k = 0; k < columns; k++) {
      const ofPair = mixtureScore(at, [x[k]!, x[columns + k]!]);
      out[k] = ofPair[0]!;
      out[columns + k] = ofPair[1]!;
    }
    return out;
  };
  const program = pc(process, { ...over, condition: pairs(columns) });
  const options = { dims: 2 * columns, seed: 4n, sample: 0, inputs: upperKnown(columns, y) };
  return Float32Array.from(interpret(program, score, options).subarray(columns));
}

const average = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** The distribution of the lower element where the upper one is y: again a mixture. */
function conditionalMixture({ weights, means, stds }: GaussianMixture, y: number): GaussianMixture {
  const upper = { weights, means: means.map(([first]) => [first!]), stds };
  const lower = means.map(([, second]) => [second!]);
  return { weights: mixtureResponsibilities(upper, [y]), means: lower, stds };
}

const COLUMNS = 2000;

test("well-separated modes: the known half decides which one, and every sample is of it", (t) => {
  const mixture: GaussianMixture = {
    weights: [0.5, 0.5],
    means: [
      [-1, -1],
      [1, 1],
    ],
    stds: [0.02, 0.02],
  };
  const truth = conditionalMixture(mixture, 1);
  t.true(truth.weights[1]! > 1 - 1e-9);
  const drawn = mixtureDraws(mixture, PROCESSES.ve, 1, COLUMNS, { steps: 100 });
  // 5 of 2000 would be 0.0025; the modes are 100 stds apart.
  t.true(drawn.every((value) => Math.abs(value - 1) < 0.3));
  // The mode's std is 0.02, the mean's standard error 0.0005; the predictor's step takes about as much again.
  t.true(Math.abs(average(drawn) - 1) < 4 * 0.0005 + 0.001);
  const std = Math.sqrt(average(drawn.map((value) => (value - 1) ** 2)));
  t.true(std > 0.015 && std < 0.025, `${std}`);
});

test("modes that the known half tells nothing about keep their weights", (t) => {
  const mixture: GaussianMixture = {
    weights: [0.3, 0.7],
    means: [
      [0, -1],
      [0, 1],
    ],
    stds: [0.2, 0.2],
  };
  for (const process of [PROCESSES.ve, PROCESSES.vp]) {
    const drawn = mixtureDraws(mixture, process, 0.1, COLUMNS, { steps: 100 });
    // A share of 2000 has the standard error sqrt(0.3 0.7 / 2000) = 0.010.
    const upper = drawn.filter((value) => value > 0);
    t.true(Math.abs(upper.length / COLUMNS - 0.7) < 0.04);
    // Of 1400 with std 0.2: 0.0053, and about as much by the steps.
    t.true(Math.abs(average(upper) - 1) < 4 * 0.0053);
  }
});

for (const name of ["ve", "vp"] as const) {
  test(`${name}: between modes that overlap, correctors and resampling come nearer to the truth`, (t) => {
    const process = PROCESSES[name];
    const mixture: GaussianMixture = {
      weights: [0.5, 0.5],
      means: [
        [-0.5, -0.5],
        [0.5, 0.5],
      ],
      stds: [0.4, 0.4],
    };
    // Where the odds of the modes are 4 to 1, so that the mean is 0.8 0.5 - 0.2 0.5 = 0.3.
    const y = Math.log(4) * 0.4 ** 2;
    const conditional = conditionalMixture(mixture, y);
    const truth = mixtureMean(conditional)[0]!;
    t.true(Math.abs(truth - 0.3) < 1e-12);
    // The std of the conditional is sqrt(0.4^2 + 0.64 0.5^2) = 0.57, of 1000 draws' mean 0.018.
    const standardError = 0.57 / Math.sqrt(1000);
    const off = (over: Over): number =>
      truth - average(mixtureDraws(mixture, process, y, 1000, { steps: 50, ...over }));
    const plain = off({});
    const corrected = off({
      corrector: "annealed-langevin",
      correctorSteps: 10,
      signalToNoise: 0.5,
    });
    const some = off({ resampling: { jumpLength: 1, jumps: 7 } });
    const more = off({ resampling: { jumpLength: 1, jumps: 15 } });
    t.true(plain > 8 * standardError, `${plain}`);
    // The distance of two such means has a standard error of 0.025.
    t.true(corrected < plain - 2 * 0.025, `${corrected} and ${plain}`);
    t.true(some < plain - 3 * 0.025, `${some} and ${plain}`);
    // The error falls about as 1 / (jumps + 1), so that what is left is about the last difference.
    t.true(Math.abs(more) < 2 * Math.abs(some - more) + 3 * standardError, `${more} and ${some}`);
  });
}
