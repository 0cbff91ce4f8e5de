import test from "ava";
import type { LogLikelihoodOptions } from "../flow/log-likelihood.ts";
import type { GaussianMixture } from "../gaussian-mixture.ts";
import { type FillNormal, fillNormal } from "../noise.ts";
import { PROCESSES, slope } from "../testing.ts";
import { combineDraws } from "./combine-draws.ts";
import type { Probe } from "./divergence.ts";
import { exactModel, likelihoodOf, likelihoodOptions } from "./testing.ts";

const DIMS = 6;
const COUNT = 4096;

/** Two components far enough apart that the score's derivative is not diagonal, near enough that both matter. */
const MIXTURE: GaussianMixture = {
  weights: [0.6, 0.4],
  means: [
    [0.3, -0.2, 0.1, 0.4, 0, -0.3],
    [-0.3, 0.2, 0.5, -0.2, 0.3, 0.1],
  ],
  stds: [0.3, 0.35],
};
const ISOTROPIC: GaussianMixture = {
  weights: [1],
  means: [[0.3, -0.2, 0.1, 0.4, 0, -0.3]],
  stds: [0.3],
};
const POINT = [0.05, 0, 0.3, 0.1, 0.2, -0.1];

/** Few fixed steps: x takes the same path for every probe, so that what differs is the probe alone. */
function divergenceOf(
  mixture: GaussianMixture,
  probe: Probe,
  { sample = 0, fill = fillNormal }: { sample?: number; fill?: FillNormal } = {},
): number {
  const process = PROCESSES.vp;
  const options: LogLikelihoodOptions = likelihoodOptions({
    ...{ process, dims: DIMS, solver: "heun", steps: 8, eps: 0.01, probe },
  });
  return likelihoodOf(options, exactModel(process, mixture), POINT, { sample, fill }).divergence;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

function near(seen: number, truth: number, relative: number): boolean {
  return Math.abs(seen - truth) <= relative * Math.abs(truth);
}

/** The divergences of COUNT probes, each a trajectory of its own. */
function sampled(kind: "rademacher" | "gaussian"): number[] {
  return Array.from({ length: COUNT }, (_, sample) =>
    divergenceOf(MIXTURE, { kind, draw: 1 }, { sample }),
  );
}

const rademacher = sampled("rademacher");
const gaussian = sampled("gaussian");
const exact = divergenceOf(MIXTURE, { kind: "exact" });

/** The divergence with any probe at all: a Gaussian one whose numbers are given. */
function along(v: readonly number[], mixture: GaussianMixture): number {
  return divergenceOf(mixture, { kind: "gaussian", draw: 0 }, { fill: (out) => out.set(v) });
}

test("where the derivative is a multiple of I, one Rademacher probe is exact, whichever it is", (t) => {
  const truth = divergenceOf(ISOTROPIC, { kind: "exact" });
  for (let sample = 0; sample < 20; sample++) {
    const seen = divergenceOf(ISOTROPIC, { kind: "rademacher", draw: 0 }, { sample });
    // Of rounding in float64 alone.
    t.true(near(seen, truth, 1e-12), `${seen} beside ${truth}`);
  }
});

test("where it is a multiple of I, a Gaussian probe gives the trace times |v|^2 / D", (t) => {
  const truth = divergenceOf(ISOTROPIC, { kind: "exact" });
  const drift = along([0, 0, 0, 0, 0, 0], ISOTROPIC);
  for (let sample = 0; sample < 20; sample++) {
    const v = new Float32Array(DIMS);
    fillNormal(v, { seed: 5n, sample, draw: 7 });
    const share = v.reduce((sum, value) => sum + value * value, 0) / DIMS;
    const seen = divergenceOf(ISOTROPIC, { kind: "gaussian", draw: 7 }, { sample });
    // `share` is summed in float64 from float32 numbers, exactly but for rounding.
    t.true(near(seen, drift + share * (truth - drift), 1e-9));
    t.false(near(seen, truth, 1e-6));
  }
});

test("the mean over probes is the exact divergence", (t) => {
  const trace = Math.abs(exact - along([0, 0, 0, 0, 0, 0], MIXTURE));
  for (const values of [rademacher, gaussian]) {
    // Four standard errors, exceeded by chance once in 16,000.
    const allowed = (4 * deviation(values)) / Math.sqrt(COUNT);
    t.true(Math.abs(mean(values) - exact) < allowed, `${mean(values)} beside ${exact}`);
    t.true(allowed < 0.05 * trace, `${allowed} of ${trace}: too wide to tell anything`);
  }
});

test("one probe's variance is 2 sum_{i != j} M_ij^2 for Rademacher, 2 sum_ij M_ij^2 for Gaussian", (t) => {
  // The divergence is v^T M v + const in the one v of the solve; M by polarisation, from probes e_i + e_j.
  const unit = (...elements: number[]): number[] =>
    Array.from({ length: DIMS }, (_, e) => elements.filter((one) => one === e).length);
  const constant = along(unit(), MIXTURE);
  const form = (...elements: number[]): number => along(unit(...elements), MIXTURE) - constant;
  let onDiagonal = 0;
  let off = 0;
  for (let i = 0; i < DIMS; i++) {
    onDiagonal += form(i) ** 2;
    for (let j = 0; j < i; j++) off += 2 * ((form(i, j) - form(i) - form(j)) / 2) ** 2;
  }
  // A sample variance of n errs by sqrt((kurtosis - 1) / n): a quadratic form's kurtosis is at most 15, so 5.8%.
  t.true(near(deviation(rademacher) ** 2, 2 * off, 0.24));
  t.true(near(deviation(gaussian) ** 2, 2 * (off + onDiagonal), 0.24));
  t.true(2 * off < onDiagonal);
});

test("the standard error falls as one over the square root of the probes, and is the one that is reported", (t) => {
  const sizes = [1, 4, 16, 64];
  const groups = (size: number): number[][] =>
    Array.from({ length: COUNT / size }, (_, i) => rademacher.slice(i * size, (i + 1) * size));
  const scatter = sizes.map((size) => deviation(groups(size).map(mean)));
  // Each is known to 1 / sqrt(2 groups): 1.1, 2.2, 4.4 and 8.8%. By least squares over factors of four the exponent,
  // in powers of two, errs by sqrt((0.433 0.088)^2 + (0.144 0.044)^2 + ...) = 0.039: four of those are allowed.
  const fall = slope(scatter);
  t.true(Math.abs(fall - 1) < 0.16, `${fall / 2} for 0.5`);
  for (const [i, size] of sizes.entries()) {
    if (size === 1) continue;
    const reported = groups(size).map(
      (group) => combineDraws([group], { importanceWeighted: false }).standardError ** 2,
    );
    // The square of a scatter over 64 groups errs by sqrt(2 / 63) = 18%.
    t.true(near((scatter[i] ?? 0) ** 2, mean(reported), i === 3 ? 0.72 : 0.36));
  }
});
