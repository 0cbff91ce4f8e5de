import test from "ava";
import { fillNormal } from "../noise.ts";
import { combineDraws } from "./combine-draws.ts";

const PLAIN = { importanceWeighted: false };
const WEIGHTED = { importanceWeighted: true };

function near(seen: number, truth: number, allowed: number): boolean {
  return Math.abs(seen - truth) <= allowed;
}

test("one draw with one probe is itself, and nothing is known of its error", (t) => {
  for (const how of [PLAIN, WEIGHTED]) {
    t.deepEqual(combineDraws([[-120.5]], how), { logLikelihood: -120.5, standardError: 0 });
  }
});

test("one draw: the mean over its probes, and the error of the probes", (t) => {
  for (const how of [PLAIN, WEIGHTED]) {
    // Sample variance 2, of two.
    t.deepEqual(combineDraws([[1, 3]], how), { logLikelihood: 2, standardError: 1 });
  }
});

test("draws with probes of their own: the scatter of the draws' means, not of all numbers", (t) => {
  const { logLikelihood, standardError } = combineDraws(
    [
      [1, 3],
      [5, 7],
    ],
    PLAIN,
  );
  t.is(logLikelihood, 4);
  // Means 2 and 6, sample variance 8, of two. All four numbers as one sample would give 1.29.
  t.true(near(standardError, 2, 1e-12));
});

test("importance-weighted: the log of the mean of the densities, by hand, and far below what exp can hold", (t) => {
  const draws = [
    [1, 3],
    [5, 7],
  ];
  for (const shift of [0, -100_000]) {
    const shifted = draws.map((probes) => probes.map((value) => value + shift));
    const { logLikelihood, standardError } = combineDraws(shifted, WEIGHTED);
    t.true(near(logLikelihood - shift, Math.log((Math.exp(2) + Math.exp(6)) / 2), 1e-9));
    const ratio = Math.exp(-4);
    t.true(near(standardError, (1 - ratio) / (1 + ratio), 1e-9));
  }
});

/** Mean and variance of estimates, and the mean of the squares of their reported errors, over many repetitions. */
function repeated(draws: number, probes: number, how: typeof PLAIN) {
  const repetitions = 4000;
  const z = new Float32Array(draws * (1 + probes));
  const estimates = Array.from({ length: repetitions }, (_, sample) => {
    fillNormal(z, { seed: 3n, sample, draw: 0 });
    const values = Array.from({ length: draws }, (_a, d) =>
      Array.from(
        { length: probes },
        (_b, p) => -40 + 0.3 * (z[d] ?? 0) + 0.2 * (z[draws + d * probes + p] ?? 0),
      ),
    );
    return combineDraws(values, how);
  });
  const mean = (values: number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const center = mean(estimates.map((one) => one.logLikelihood));
  return {
    mean: center,
    variance: mean(estimates.map((one) => (one.logLikelihood - center) ** 2)),
    reported: mean(estimates.map((one) => one.standardError ** 2)),
  };
}

test("the reported error is that of the estimate, with draws and probes both random", (t) => {
  // 0.3^2 / 8 + 0.2^2 / 32. A variance over 4,000 repetitions errs by sqrt(2 / 4000) = 2.2%.
  const truth = 0.09 / 8 + 0.04 / 32;
  const plain = repeated(8, 4, PLAIN);
  t.true(near(plain.variance / truth, 1, 0.09), `${plain.variance}`);
  t.true(near(plain.reported / truth, 1, 0.09), `${plain.reported}`);
  t.true(near(plain.mean, -40, 4 * Math.sqrt(truth / 4000)));
});

test("the delta method's error is that of the weighted estimate, which lies above the plain one", (t) => {
  const weighted = repeated(32, 4, WEIGHTED);
  // By the delta method the relative error of its own square is of the order of the weights' variance, 0.1 at most,
  // over 32 draws twice; 2.2% of the repetitions besides, for four of those.
  t.true(near(weighted.reported / weighted.variance, 1, 0.12), `${weighted.reported}`);
  // log E exp of a normal is half its variance more, less half the squared error over 32 draws.
  const spread = 0.09 + 0.04 / 4;
  const expected = -40 + spread / 2 - (Math.exp(spread) - 1) / 64;
  t.true(near(weighted.mean, expected, 4 * Math.sqrt(weighted.variance / 4000) + 1e-4));
});

test("nothing to combine is refused", (t) => {
  for (const nothing of [[], [[]], [[1], []]]) {
    t.throws(() => combineDraws(nothing, PLAIN), { instanceOf: RangeError });
  }
});
