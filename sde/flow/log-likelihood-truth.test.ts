import { readFileSync } from "node:fs";
import test from "ava";
import { diffusedMixture, type GaussianMixture, mixtureLogDensity } from "../gaussian-mixture.ts";
import { exactModel, likelihoodOf, likelihoodOptions, pointOf } from "../likelihood/testing.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { DATA, PROCESSES } from "../testing.ts";

const POINTS = 8;

/** The data of DATA in three dimensions. */
const GAUSSIAN: GaussianMixture = {
  weights: [1],
  means: [[DATA.mean, DATA.mean, DATA.mean]],
  stds: [DATA.std],
};
/** Its points: at the mean, near it, far from it. */
const GAUSSIAN_POINTS = [
  [0.7, 0.7, 0.7],
  [0.9, 0.2, 1.4],
  [-2, 3, 0.1],
];

/** The mixture that a model of this repository is the exact score of. */
function oracleOf(kind: ForwardProcess["kind"]): GaussianMixture {
  const file = new URL(`../../../models/gaussian-mixture-${kind}/model.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).oracle;
}

function bits(nats: number, dims: number): number {
  return nats / (dims * Math.LN2);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** The parts of what a log density errs by, in bits per dimension, at a point of the mixture. */
function errorsAt(
  process: ForwardProcess,
  mixture: GaussianMixture,
  x: ArrayLike<number>,
  precision: "float32" | "float64",
): { total: number; truncation: number; prior: number; solver: number } {
  const dims = x.length;
  const options = likelihoodOptions({ process, dims });
  const seen = likelihoodOf(options, exactModel(process, mixture), x, { precision });
  const densityAt = (time: number, point: ArrayLike<number>): number =>
    mixtureLogDensity(diffusedMixture(mixture, process.marginal(time)), point);
  const truth = mixtureLogDensity(mixture, x);
  const atStart = densityAt(options.eps, x);
  const atEnd = densityAt(process.endTime, seen.latent);
  return {
    total: bits(seen.logDensity - truth, dims),
    truncation: bits(atStart - truth, dims),
    prior: bits(seen.priorLogDensity - atEnd, dims),
    solver: bits(seen.divergence + atEnd - atStart, dims),
  };
}

// log p_eps(x) = log p_T(x_T) + divergence is an identity, so that what it misses by is the solver's error alone. Its
// norm is a mean over D + 1 = 49 elements, so that delta alone may err by sqrt(49) times the tolerance of 1e-5 times
// 1 + |delta| in a step: 2.6e-4 bits per dimension for VP's |delta| of 122, 7e-4 for VE's 342. Of a dozen steps, some
// come near it and they don't all err in the same direction.
const SOLVER_BOUND = 1e-3;
// At the latent, the prior N(0, S^2 I) stands for p_T, N(m, S^2 I) to the first order, m = mean(T) times the data's
// mean: its log errs by -m . z / S - |m|^2 / (2 S^2), z ~ N(0, I), which is |m| / S nats: 0.014 for VP and sub-VP, 0.07
// for VE. With four of them: 1.7e-3 and 8.6e-3 bits per dimension.
const PRIOR_BOUND = { vp: 1.7e-3, subvp: 1.7e-3, ve: 8.6e-3 };
// The truncation at eps has, with e = (std(eps) / (mean(eps) s))^2 of the narrowest component, a mean of -e^2 / (4 ln 2)
// and a standard deviation of e / (ln 2 sqrt(2 D)) bits per dimension, docs/likelihood.md. VE: e = 0.0655, so 1.5e-3
// and 9.6e-3, and with four of them 4e-2. VP: e = 1.6e-4, so 1e-4. Sub-VP: nothing.
const TRUNCATION_BOUND = { vp: 1e-4, subvp: 1e-6, ve: 4e-2 };

for (const name of ["vp", "subvp", "ve"] as const) {
  for (const precision of ["float64", "float32"] as const) {
    test(`${name}, ${precision}: the density of a mixture, and each part of the error within what is derived`, (t) => {
      const process = PROCESSES[name];
      const mixture = oracleOf(name);
      const worst = { total: 0, truncation: 0, prior: 0, solver: 0 };
      for (let i = 0; i < POINTS; i++) {
        const x = Float32Array.from(pointOf(mixture, i));
        const errors = errorsAt(process, mixture, x, precision);
        for (const part of ["total", "truncation", "prior", "solver"] as const) {
          worst[part] = Math.max(worst[part], Math.abs(errors[part]));
        }
      }
      t.true(worst.solver < SOLVER_BOUND, `solver ${worst.solver}`);
      t.true(worst.prior < PRIOR_BOUND[name], `prior ${worst.prior}`);
      t.true(worst.truncation < TRUNCATION_BOUND[name], `truncation ${worst.truncation}`);
      if (name !== "ve") t.true(worst.total < 2e-3, `total ${worst.total}`);
      // What keeps VE from the same is the truncation: it is the largest part by far.
      else t.true(worst.truncation > 3 * worst.prior && worst.truncation > 1e-2);
    });
  }
}

// The mean over 4,096 points of the VE model's narrowest component as the data. Per point the deviation is 9.1e-3, so
// that the mean's standard error is 1.4e-4; the terms of third order, e^3 / (3 ln 2), are 1.4e-4.
test("what truncation costs VE on average is e^2 / (4 ln 2), and e / ((1 + e) ln 2 sqrt(2 D)) at a point", (t) => {
  const process = PROCESSES.ve;
  const { means, stds } = oracleOf("ve");
  const one = { weights: [1], means: means.slice(0, 1), stds: stds.slice(0, 1) };
  const dims = one.means[0]?.length ?? 0;
  const { mean, std } = process.marginal(process.likelihoodEps);
  const e = (std / (mean * (one.stds[0] ?? Number.NaN))) ** 2;
  const blurred = diffusedMixture(one, { mean, std });
  const costs = Array.from({ length: 4096 }, (_, i) => {
    const x = pointOf(one, i);
    return bits(mixtureLogDensity(one, x) - mixtureLogDensity(blurred, x), dims);
  });
  const average = sum(costs) / costs.length;
  const deviation = Math.sqrt(sum(costs.map((cost) => (cost - average) ** 2)) / costs.length);
  t.true(Math.abs(average - e ** 2 / (4 * Math.LN2)) < 4 * 1.4e-4 + 1.4e-4, `${average}`);
  const predicted = e / ((1 + e) * Math.LN2 * Math.sqrt(2 * dims));
  // A sample deviation of 4,096 errs by 1 / sqrt(2 4096) = 1.1%.
  t.true(Math.abs(deviation / predicted - 1) < 0.05, `${deviation} beside ${predicted}`);
});

for (const [name, process] of Object.entries(PROCESSES)) {
  test(`${name}: the density of a Gaussian is its own at eps, but for the prior's mean and std at T`, (t) => {
    // The table's beta jumps at each of its thousand levels: no tolerance is met exactly across the jumps.
    const tolerance = name === "ddpm" ? 1e-5 : 1e-7;
    const bound = name === "ddpm" ? 1000 * tolerance : 10 * tolerance;
    const options = likelihoodOptions({
      ...{ process, dims: 3, relativeTolerance: tolerance, absoluteTolerance: tolerance },
    });
    for (const x of GAUSSIAN_POINTS) {
      const seen = likelihoodOf(options, exactModel(process, GAUSSIAN), x);
      const start = diffusedMixture(GAUSSIAN, process.marginal(options.eps));
      const end = diffusedMixture(GAUSSIAN, process.marginal(process.endTime));
      const truth = mixtureLogDensity(start, x);
      // The flow keeps each element's place in the marginal, as it is Gaussian at every time.
      const [from = 1, to = 1] = [start.stds[0], end.stds[0]];
      const latent = x.map(
        (value, i) => (end.means[0]?.[i] ?? 0) + ((value - (start.means[0]?.[i] ?? 0)) / from) * to,
      );
      for (const [i, value] of latent.entries()) {
        t.true(Math.abs((seen.latent[i] ?? Number.NaN) - value) < bound * (1 + Math.abs(value)));
      }
      const identity = seen.divergence + mixtureLogDensity(end, seen.latent);
      t.true(Math.abs(identity - truth) < bound * (1 + Math.abs(seen.divergence)));
    }
  });
}
