import test from "ava";
import {
  checkMixture,
  diffusedMixture,
  type GaussianMixture,
  mixtureCovariance,
  mixtureLogDensity,
  mixtureMean,
  mixtureResponsibilities,
  mixtureSample,
  mixtureScore,
  mixtureScoreTangent,
} from "./gaussian-mixture.ts";
import type { ForwardProcess } from "./processes/forward-process.ts";
import { subVariancePreserving } from "./processes/subvp.ts";
import { varianceExploding } from "./processes/ve.ts";
import { variancePreserving } from "./processes/vp.ts";

const mixture: GaussianMixture = {
  weights: [0.5, 0.3, 0.2],
  means: [
    [0.5, -0.25],
    [-0.5, 0.25],
    [0.25, 0.75],
  ],
  stds: [0.125, 0.25, 0.0625],
};
const processes: readonly ForwardProcess[] = [
  varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 }),
  variancePreserving({ betaMin: 0.1, betaMax: 20 }),
  subVariancePreserving({ betaMin: 0.1, betaMax: 20 }),
];
const points: readonly (readonly number[])[] = [
  [0, 0],
  [0.4, -0.3],
  [1.5, -2],
  [0.26, 0.74],
];

for (const process of processes) {
  test(`${process.kind}: the score is the gradient of the log density at every time`, (t) => {
    for (const time of [0.01, 0.2, 0.6, 1]) {
      const at = diffusedMixture(mixture, process.marginal(time));
      // Central differences err by h^2 / 6 of the third derivative, of order std^-3, and by 1e-16 / h: 1e-8 relative.
      const h = 1e-4 * Math.min(...at.stds);
      for (const x of points) {
        const score = mixtureScore(at, x);
        for (const i of [0, 1]) {
          const up = x.map((value, j) => (i === j ? value + h : value));
          const down = x.map((value, j) => (i === j ? value - h : value));
          const slope = (mixtureLogDensity(at, up) - mixtureLogDensity(at, down)) / (2 * h);
          t.true(Math.abs(score[i]! - slope) < 1e-6 * (1 / Math.min(...at.stds) + Math.abs(slope)));
        }
      }
    }
  });

  test(`${process.kind}: the tangent is the score's derivative in a direction at every time`, (t) => {
    for (const time of [0.01, 0.2, 0.6, 1]) {
      const at = diffusedMixture(mixture, process.marginal(time));
      // As above, with the third derivative of the score, of order std^-4, beside a derivative of order std^-2.
      const h = 1e-4 * Math.min(...at.stds);
      for (const x of points) {
        for (const v of [
          [1, 0],
          [-0.6, 0.8],
          [2, 3],
        ]) {
          const along = (sign: number): Float64Array =>
            mixtureScore(
              at,
              x.map((value, i) => value + sign * h * v[i]!),
            );
          const [up, down] = [along(1), along(-1)];
          const tangent = mixtureScoreTangent(at, x, v);
          const size = Math.hypot(...v) / Math.min(...at.stds) ** 2;
          for (const i of [0, 1]) {
            const slope = (up[i]! - down[i]!) / (2 * h);
            t.true(Math.abs(tangent[i]! - slope) < 1e-6 * size, `${tangent[i]} and ${slope}`);
          }
        }
      }
    }
  });

  test(`${process.kind}: the density obeys the Fokker-Planck equation`, (t) => {
    // In one dimension dp/dt = -a p - a x p' + g^2 p'' / 2. Where x is and how far the differences reach follows std.
    const line: GaussianMixture = { weights: [0.6, 0.4], means: [[0.5], [-0.7]], stds: [0.3, 0.2] };
    const density = (time: number, x: number): number =>
      Math.exp(mixtureLogDensity(diffusedMixture(line, process.marginal(time)), [x]));
    for (const time of [0.1, 0.3, 0.6]) {
      const std = Math.max(...diffusedMixture(line, process.marginal(time)).stds);
      for (const x of [-1.2 * std, 0.1 * std, 0.8 * std]) {
        const h = 1e-3 * std;
        const dt = 1e-5;
        const p = density(time, x);
        const [up, down] = [density(time, x + h), density(time, x - h)];
        const inTime = (density(time + dt, x) - density(time - dt, x)) / (2 * dt);
        const a = process.driftCoefficient(time);
        const spread = (0.5 * process.diffusion(time) ** 2 * (up - 2 * p + down)) / (h * h);
        const inSpace = -a * p - (a * x * (up - down)) / (2 * h) + spread;
        const size = Math.abs(a * p) + Math.abs(spread) + Math.abs(inTime);
        t.true(
          Math.abs(inTime - inSpace) < 1e-4 * size,
          `t ${time}, x ${x}: ${inTime} and ${inSpace}`,
        );
      }
    }
  });
}

test("one component is a Gaussian", (t) => {
  const gaussian: GaussianMixture = { weights: [1], means: [[1, 2]], stds: [0.5] };
  const expected = -Math.log(2 * Math.PI * 0.25) - (0.3 ** 2 + 0.4 ** 2) / 0.5;
  t.true(Math.abs(mixtureLogDensity(gaussian, [1.3, 1.6]) - expected) < 1e-12);
  t.deepEqual([...mixtureScore(gaussian, [1.5, 1])], [-2, 4]);
});

test("the tangent of one component is -v / std^2; of any, it is linear in v and symmetric", (t) => {
  const gaussian: GaussianMixture = { weights: [1], means: [[1, 2]], stds: [0.5] };
  t.deepEqual([...mixtureScoreTangent(gaussian, [7, -3], [1, -2])], [-4, 8]);
  const x = [0.1, 0.2];
  const [[a, b], [c, d]] = [
    mixtureScoreTangent(mixture, x, [1, 0]),
    mixtureScoreTangent(mixture, x, [0, 1]),
  ] as unknown as [[number, number], [number, number]];
  t.true(Math.abs(b - c) < 1e-12 * Math.abs(b));
  t.true(Math.abs(b) > 1);
  const both = mixtureScoreTangent(mixture, x, [2, -3]);
  t.true(Math.abs(both[0]! - (2 * a - 3 * c)) < 1e-9);
  t.true(Math.abs(both[1]! - (2 * b - 3 * d)) < 1e-9);
});

test("far from every component nothing overflows", (t) => {
  const x = [1e6, -1e6];
  t.true(Number.isFinite(mixtureLogDensity(mixture, x)));
  t.true(mixtureScore(mixture, x).every(Number.isFinite));
  t.true(mixtureScoreTangent(mixture, x, [1, 1]).every(Number.isFinite));
  const total = mixtureResponsibilities(mixture, x).reduce((sum, value) => sum + value, 0);
  t.true(Math.abs(total - 1) < 1e-12);
});

test("the component of a sample follows the weights", (t) => {
  const zero = [0, 0];
  t.deepEqual([...mixtureSample(mixture, 0, zero)], mixture.means[0]);
  t.deepEqual([...mixtureSample(mixture, 0.4999, zero)], mixture.means[0]);
  t.deepEqual([...mixtureSample(mixture, 0.5001, zero)], mixture.means[1]);
  t.deepEqual([...mixtureSample(mixture, 0.9999999999999999, zero)], mixture.means[2]);
  t.deepEqual([...mixtureSample(mixture, 0, [1, -2])], [0.625, -0.5]);
});

test("mean and covariance are those of the components", (t) => {
  const two: GaussianMixture = {
    weights: [0.5, 0.5],
    means: [
      [1, 2],
      [3, -2],
    ],
    stds: [1, 2],
  };
  t.deepEqual([...mixtureMean(two)], [2, 0]);
  // Within: (1 + 4) / 2 on the diagonal; between: the offsets are +-(1, -2).
  t.deepEqual([...mixtureCovariance(two)], [3.5, -2, -2, 6.5]);
});

test("a mixture whose parts don't fit is refused", (t) => {
  t.notThrows(() => checkMixture(mixture));
  const wrong: readonly Partial<GaussianMixture>[] = [
    { weights: [0.5, 0.5] },
    { weights: [0.5, 0.3, 0.3] },
    { weights: [1, 0.5, -0.5] },
    { stds: [1, 1, 0] },
    { means: [[1], [1, 2], [1, 2]] },
  ];
  for (const part of wrong) {
    t.throws(() => checkMixture({ ...mixture, ...part }), { instanceOf: RangeError });
  }
});
