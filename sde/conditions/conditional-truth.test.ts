import test from "ava";
import { interpret, type Score } from "../interpret.ts";
import type { FillNormal } from "../noise.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { PredictorCorrectorOptions } from "../samplers/predictor-corrector.ts";
import { DATA, gaussianScore, type Moments, PROCESSES } from "../testing.ts";
import { CONDITIONAL_SAMPLERS, pairs, pc, upperKnown } from "./testing.ts";

type Over = Partial<PredictorCorrectorOptions>;

/** Pairs of mean 0 and std 1/2, correlated by RHO; of the upper one it is known that it is Y. */
const [RHO, STD, Y] = [0.8, 0.5, 1] as const;
const TRUTH = { mean: RHO * Y, variance: (1 - RHO * RHO) * STD * STD };

function pairScore(process: ForwardProcess): Score {
  return (x, t) => {
    const { mean, std } = process.marginal(t);
    const own = (mean * STD) ** 2 + std ** 2;
    const shared = RHO * (mean * STD) ** 2;
    const determinant = own * own - shared * shared;
    const columns = x.length / 2;
    return Float64Array.from(x, (value, e) => {
      const other = x[(e + columns) % x.length]!;
      return (shared * other - own * value) / determinant;
    });
  };
}

/** What is drawn without any noise: by linearity its mean, exactly. */
function pairMean(process: ForwardProcess, over: Over): number {
  const program = pc(process, { ...over, condition: pairs(1) });
  const fill: FillNormal = (out) => out.fill(0);
  const options = { dims: 2, seed: 0n, sample: 0, precision: "float64", fill } as const;
  return interpret(program, pairScore(process), { ...options, inputs: upperKnown(1, Y) })[1]!;
}

/** Its variance too: column k answers to a unit in draw k alone, of the sampler's draws and the condition's. */
function pairMoments(process: ForwardProcess, over: Over, draws: number): Moments {
  const columns = 2 * draws + 1;
  const program = pc(process, { ...over, condition: pairs(columns) });
  const fill: FillNormal = (out, { draw }) => {
    const column = draw < 2 ** 31 ? draw : draws + draw - 2 ** 31;
    if (column >= 2 * draws) throw new RangeError(`draw ${draw} of ${draws}`);
    out.fill(0);
    out[column] = 1;
    out[columns + column] = 1;
  };
  const options = { seed: 0n, sample: 0, precision: "float64", fill } as const;
  const inputs = upperKnown(columns, Y);
  const x = interpret(program, pairScore(process), { ...options, dims: 2 * columns, inputs });
  const mean = x.at(-1)!;
  let variance = 0;
  for (let k = 0; k < columns - 1; k++) variance += (x[columns + k]! - mean) ** 2;
  return { mean, variance };
}

for (const name of ["ve", "vp", "subvp"] as const) {
  const process = PROCESSES[name];

  test(`${name}: imputation alone comes to its known limit, which is not the truth`, (t) => {
    // In small steps the imputed noise averages out, and the reverse SDE runs with the known element at its mean. With
    // V = s^2 + sigma^2 and c = rho s^2, s the data's std, the drawn one's mean m then obeys
    // dm / d sigma^2 = (V m - c y) / (V^2 - c^2), with the bounded solution m = y (V - sqrt(V^2 - c^2)) / c. At sigma 0
    // that is y (1 - sqrt(1 - rho^2)) / rho = 0.5, and the truth rho y = 0.8. (Derived for VE; in x / mean every
    // process obeys it.)
    const limit = (Y * (1 - Math.sqrt(1 - RHO * RHO))) / RHO;
    const [coarse, fine] = [200, 400].map((steps) =>
      Math.abs(pairMean(process, { steps }) - limit),
    );
    // Of first order: twice the steps, half the distance.
    t.true(fine! < 0.6 * coarse! && fine! < 0.006, `${coarse} and ${fine}`);
  });

  test(`${name}: with corrector steps it comes to the true conditional mean and variance`, (t) => {
    const seen = [8, 16, 32].map((correctorSteps) =>
      pairMean(process, {
        ...{ steps: 100, corrector: "annealed-langevin" },
        ...{ correctorSteps, signalToNoise: 0.5 },
      }),
    );
    const errors = seen.map((mean) => Math.abs(mean - TRUTH.mean));
    // Correctors forget what was drawn under more noise; each time that their number is doubled a good third of the
    // error at least is gone.
    t.true(errors[1]! < 0.7 * errors[0]! && errors[2]! < 0.7 * errors[1]!, `${errors.join(" ")}`);
    t.true(errors[2]! < 0.03, `${errors[2]}`);
    // Alone it was off by 0.3 and 0.036.
    const over = { steps: 50, corrector: "annealed-langevin", signalToNoise: 0.5 } as const;
    const { mean, variance } = pairMoments(process, { ...over, correctorSteps: 8 }, 450);
    const alone = pairMoments(process, { steps: 50 }, 60);
    t.true(Math.abs(mean - TRUTH.mean) < 0.4 * Math.abs(alone.mean - TRUTH.mean));
    t.true(Math.abs(variance - TRUTH.variance) < 0.5 * Math.abs(alone.variance - TRUTH.variance));
  });
}

for (const name of ["ve", "vp"] as const) {
  const process = PROCESSES[name];

  test(`${name}: with resampling it comes to the true conditional mean and variance`, (t) => {
    const means = [4, 9, 19, 39].map((jumps) =>
      pairMean(process, { steps: 100, resampling: { jumpLength: 2, jumps } }),
    );
    const errors = means.map((mean) => Math.abs(mean - TRUTH.mean));
    t.true(
      errors.every((error, i) => i === 0 || error < 0.8 * errors[i - 1]!),
      errors.join(" "),
    );
    t.true(errors.at(-1)! < 0.02, `${errors.at(-1)}`);
    const resampled = { steps: 50, resampling: { jumpLength: 1, jumps: 9 } };
    const { mean, variance } = pairMoments(process, resampled, 1000);
    const alone = pairMoments(process, { steps: 50 }, 60);
    t.true(Math.abs(mean - TRUTH.mean) < 0.3 * Math.abs(alone.mean - TRUTH.mean));
    t.true(Math.abs(variance - TRUTH.variance) < 0.3 * Math.abs(alone.variance - TRUTH.variance));
  });
}

for (const [name, sampler] of Object.entries(CONDITIONAL_SAMPLERS)) {
  if (/, langevin$|hmc|corrector first/.test(name)) continue;
  test(`${name}: what the known half says nothing about is drawn as if it were not there, bit by bit`, (t) => {
    // Independent elements, where imputation is exact. (Langevin's step and HMC's test see all elements together.)
    const process = PROCESSES.vp;
    const dims = 64;
    const run = { dims, seed: 3n, sample: 0 } as const;
    const free = interpret(sampler(process, undefined), gaussianScore(process), run);
    const seen = interpret(sampler(process, pairs(dims / 2)), gaussianScore(process), {
      ...run,
      inputs: upperKnown(dims / 2, -3),
    });
    t.deepEqual(seen.subarray(dims / 2), free.subarray(dims / 2));
    t.true(seen.subarray(0, dims / 2).every((value) => value === -3));
  });
}

test("known elements with an error of their own: the drawn ones have the true posterior", (t) => {
  // All are known, y = x + 0.4 n with x of the data: the posterior's precision is the sum of the two.
  const noise = 0.4;
  const y = -0.2;
  const precision = 1 / DATA.std ** 2 + 1 / noise ** 2;
  const truth = {
    mean: (DATA.mean / DATA.std ** 2 + y / noise ** 2) / precision,
    variance: 1 / precision,
  };
  for (const process of [PROCESSES.ve, PROCESSES.vp]) {
    const moments = (steps: number, error: number): Moments => {
      const draws = 2 * steps + 1;
      const columns = draws + 1;
      const condition = { ...pairs(columns), shape: { channels: 1, height: 1, width: columns } };
      const program = pc(process, {
        steps,
        timeGrid: "log-snr",
        condition: { ...condition, noise: error },
      });
      const fill: FillNormal = (out, { draw }) => {
        out.fill(0);
        out[draw < 2 ** 31 ? draw : steps + 1 + draw - 2 ** 31] = 1;
      };
      const x = interpret(program, gaussianScore(process), {
        ...{ dims: columns, seed: 0n, sample: 0, precision: "float64", fill },
        inputs: [new Float64Array(columns).fill(y), new Float64Array(columns).fill(1)],
      });
      const mean = x.at(-1)!;
      let variance = 0;
      for (const value of x) variance += (value - mean) ** 2;
      return { mean, variance };
    };
    const errors = [100, 400].map((steps) => {
      const seen = moments(steps, noise);
      return [Math.abs(seen.mean - truth.mean), Math.abs(seen.variance - truth.variance)] as const;
    });
    // Of first order, in the predictor's steps and in where the grid passes the level 0.4.
    t.true(errors[1]![0] < 0.01 && errors[1]![1] < 0.005, `${errors.join(" ")}`);
    t.true(errors[1]![0] < 0.5 * errors[0]![0] + 0.002);
    // Without an error they come back as they are.
    t.deepEqual(moments(20, 0), { mean: y, variance: 0 });
  }
});
