import test from "ava";
import { type ForwardProcess, priorLogDensity } from "./forward-process.ts";
import { subVariancePreserving } from "./subvp.ts";
import { varianceExploding } from "./ve.ts";
import { variancePreserving } from "./vp.ts";

const ve = varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 });
const vp = variancePreserving({ betaMin: 0.1, betaMax: 20 });
const subvp = subVariancePreserving({ betaMin: 0.1, betaMax: 20 });

/** Whether `seen` rounds to a number that was published with the given significant digits. */
function rounds(seen: number, published: string): boolean {
  const digits = published
    .replace(/e.*$/, "")
    .replace(/^0?\.0*/, "")
    .replace(".", "").length;
  return Number(seen.toPrecision(digits)) === Number(published);
}

test("VP has the published values", (t) => {
  t.true(rounds(vp.marginal(1e-3).std, "0.0104854"));
  t.true(rounds(vp.marginal(1).mean, "0.00657159"));
  t.true(rounds(vp.marginal(1).std, "0.99997841"));
  t.true(rounds(vp.marginal(1).std / vp.marginal(1).mean, "152.167"));
  t.true(rounds(vp.marginal(1e-3).std / vp.marginal(1e-3).mean, "0.010486"));
});

test("sub-VP has the published values", (t) => {
  t.true(rounds(subvp.marginal(1e-3).std, "1.09944e-4"));
  t.true(rounds(subvp.marginal(1).std, "0.99995681"));
});

test("VE has the published values", (t) => {
  t.true(rounds(ve.diffusion(1), "206.3637"));
  t.true(rounds(ve.diffusion(0), "0.0412727"));
  t.true(rounds(ve.marginal(1 / 999).std / ve.marginal(0).std, "1.00856217"));
  t.is(ve.marginal(0).std, 0.01);
  t.true(Math.abs(ve.marginal(1).std - 50) < 1e-12);
});

test("priors, ends and eps are the paper's", (t) => {
  const facts = ({ priorStd, endTime, samplingEps, likelihoodEps }: ForwardProcess): number[] => [
    priorStd,
    endTime,
    samplingEps,
    likelihoodEps,
  ];
  t.deepEqual(facts(ve), [50, 1, 1e-5, 1e-5]);
  t.deepEqual(facts(vp), [1, 1, 1e-3, 1e-5]);
  t.deepEqual(facts(subvp), [1, 1, 1e-3, 1e-5]);
});

for (const process of [ve, vp, subvp]) {
  test(`${process.kind}: drift and diffusion move mean and variance as they should`, (t) => {
    // d mean / dt = a mean and d var / dt = 2 a var + g^2. Central differences err by h^2 / 6 of the third derivative,
    // at most 20^3 of the value here, and by 1e-16 / h of the value: 1e-8 relative with h = 1e-6 would do; 1e-6 is asked.
    const h = 1e-6;
    for (const time of [0.001, 0.05, 0.3, 0.7, 0.999]) {
      const [up, down, at] = [time + h, time - h, time].map((u) => process.marginal(u));
      if (up === undefined || down === undefined || at === undefined) return t.fail();
      const a = process.driftCoefficient(time);
      const g = process.diffusion(time);
      const meanSlope = (up.mean - down.mean) / (2 * h);
      t.true(Math.abs(meanSlope - a * at.mean) <= 1e-6 * Math.abs(a * at.mean));
      const variance = at.std ** 2;
      const varianceSlope = (up.std ** 2 - down.std ** 2) / (2 * h);
      const size = 2 * Math.abs(a) * variance + g * g;
      t.true(
        Math.abs(varianceSlope - (2 * a * variance + g * g)) <= 1e-6 * size,
        `t ${time}: ${varianceSlope} and ${2 * a * variance + g * g}`,
      );
    }
  });

  test(`${process.kind}: mean falls or stays, std grows, both finite over [0, T]`, (t) => {
    let last = process.marginal(0);
    for (let i = 1; i <= 1000; i++) {
      const next = process.marginal(i / 1000);
      t.true(next.mean <= last.mean && next.mean > 0 && next.std > last.std);
      last = next;
    }
  });
}

test("VP keeps unit variance and sub-VP's std is VP's variance", (t) => {
  for (const time of [1e-6, 1e-3, 0.1, 0.5, 1]) {
    const { mean, std } = vp.marginal(time);
    t.true(Math.abs(mean ** 2 + std ** 2 - 1) < 1e-15);
    t.true(Math.abs(subvp.marginal(time).std / std ** 2 - 1) < 1e-12);
  }
});

test("near t = 0 std keeps its digits", (t) => {
  // The variance of VP is beta(0) t + (betaMax - betaMin) t^2 / 2 + O(its square).
  const time = 1e-9;
  const variance = 0.1 * time + 9.95 * time ** 2;
  t.true(Math.abs(vp.marginal(time).std ** 2 / variance - 1) < 1e-9);
  t.true(Math.abs(subvp.marginal(time).std / variance - 1) < 1e-9);
});

test("the prior's log density is a Gaussian's", (t) => {
  const expected = -1.5 * Math.log(2 * Math.PI * 2500) - 12 / 5000;
  t.true(Math.abs(priorLogDensity(ve, 12, 3) - expected) < 1e-12);
  t.true(Math.abs(priorLogDensity(vp, 4, 2) - (-Math.log(2 * Math.PI) - 2)) < 1e-12);
});

test("constants that no process can have are refused", (t) => {
  const error = { instanceOf: RangeError };
  t.throws(() => varianceExploding({ sigmaMin: 0, sigmaMax: 1 }), error);
  t.throws(() => varianceExploding({ sigmaMin: 1, sigmaMax: 1 }), error);
  t.throws(() => varianceExploding({ sigmaMin: 1, sigmaMax: Number.POSITIVE_INFINITY }), error);
  t.throws(() => variancePreserving({ betaMin: 0, betaMax: 1 }), error);
  t.throws(() => variancePreserving({ betaMin: Number.NaN, betaMax: 1 }), error);
  t.throws(() => subVariancePreserving({ betaMin: 2, betaMax: 1 }), error);
});
