import anyTest, { type TestFn } from "ava";
import {
  type GaussianMixture,
  mixtureCovariance,
  mixtureMean,
  mixtureResponsibilities,
} from "../../sde/index.ts";
import { type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";

const test = anyTest as TestFn<StartedEngine>;
const MODELS = ["gaussian-mixture-ve", "gaussian-mixture-vp", "gaussian-mixture-subvp"] as const;

test.before(async (t) => {
  t.context = await startEngine({ models: MODELS });
});
test.after.always((t) => t.context.close());

const COUNT = 600;
const STEPS = 400;

/** Allowance for the discretisation of first order: relative errors of about 4 / STEPS, 12 / STEPS for a std. */
const BIAS = 4 / STEPS;

/** A figure of the samples beside the truth: its standard error, and what the discretisation may take off. */
interface Check {
  readonly seen: number;
  readonly truth: number;
  readonly error: number;
  readonly allowed: number;
}

/** The largest |seen - truth| in standard errors, after the allowance. */
function worst(checks: readonly Check[]): number {
  return Math.max(
    ...checks.map(({ seen, truth, error, allowed }) => (Math.abs(seen - truth) - allowed) / error),
  );
}

/** A mean and its standard error. */
function estimate(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** The samples of each component: the components are far enough apart to tell. */
function byComponent(mixture: GaussianMixture, samples: readonly number[][]): number[][][] {
  const owners = samples.map((sample) => {
    const shares = mixtureResponsibilities(mixture, sample);
    return shares.indexOf(Math.max(...shares));
  });
  return mixture.weights.map((_, k) => samples.filter((_, i) => owners[i] === k));
}

function checkWeights({ weights }: GaussianMixture, components: readonly number[][][]): Check[] {
  return weights.map((truth, k) => ({
    seen: (components[k]?.length ?? 0) / COUNT,
    truth,
    error: Math.sqrt((truth * (1 - truth)) / COUNT),
    allowed: BIAS,
  }));
}

function checkMeans({ means, stds }: GaussianMixture, components: readonly number[][][]): Check[] {
  return means.flatMap((mean, k) => {
    const own = components[k] ?? [];
    const std = stds[k] ?? Number.NaN;
    return mean.map((truth, e) => ({
      seen: estimate(own.map((sample) => sample[e] ?? Number.NaN)).mean,
      truth,
      error: std / Math.sqrt(own.length),
      allowed: BIAS * std,
    }));
  });
}

/** std of a component over its own; the standard error of a std from m values is std / sqrt(2 m). */
function checkStds({ means, stds }: GaussianMixture, components: readonly number[][][]): Check[] {
  return stds.map((std, k) => {
    const squares = (components[k] ?? []).flatMap((sample) =>
      sample.map((value, e) => (value - (means[k]?.[e] ?? Number.NaN)) ** 2),
    );
    return {
      seen: Math.sqrt(estimate(squares).mean) / std,
      truth: 1,
      error: 1 / Math.sqrt(2 * squares.length),
      allowed: 3 * BIAS,
    };
  });
}

function checkCovariances(mixture: GaussianMixture, samples: readonly number[][]): Check[] {
  const center = mixtureMean(mixture);
  const covariance = mixtureCovariance(mixture);
  const dims = center.length;
  const at = (i: number, j: number): number => covariance[i * dims + j] ?? Number.NaN;
  return Array.from(covariance, (truth, ij) => {
    const [i, j] = [Math.floor(ij / dims), ij % dims];
    const { mean: seen, error } = estimate(
      samples.map((x) => ((x[i] ?? 0) - (center[i] ?? 0)) * ((x[j] ?? 0) - (center[j] ?? 0))),
    );
    return { seen, truth, error, allowed: BIAS * Math.sqrt(at(i, i) * at(j, j)) };
  });
}

for (const model of MODELS) {
  const predictors = ["euler-maruyama", "reverse-diffusion", "ancestral"].filter(
    (name) => !(model === "gaussian-mixture-subvp" && name === "ancestral"),
  );
  for (const predictor of predictors) {
    for (const corrector of ["none", "langevin"]) {
      const title = `${model}, ${predictor}, ${corrector}: the samples are the mixture's`;
      test.serial(title, async (t) => {
        const mixture = t.context.context.repository.models.get(model)?.manifest.oracle;
        if (mixture === undefined) return t.fail();
        const value = { predictor, corrector, steps: STEPS, signalToNoise: 0.05 };
        const sampler = { method: { $case: "predictorCorrector", value } } as const;
        const job = t.context.submit({ model, count: COUNT, seed: 11n, sampler });
        const samples = (await samplesOf(job)).map((sample) => Array.from(sample));
        const components = byComponent(mixture, samples);
        // Of 3, 144, 3 and 2304 checks, more standard errors where there are more.
        t.true(worst(checkWeights(mixture, components)) < 4, "weights");
        t.true(worst(checkMeans(mixture, components)) < 5, "means");
        t.true(worst(checkStds(mixture, components)) < 4, "standard deviations");
        t.true(worst(checkCovariances(mixture, samples)) < 6, "covariances");
      });
    }
  }
}
