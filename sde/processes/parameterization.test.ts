import test from "ava";
import type { ForwardProcess } from "./forward-process.ts";
import {
  evaluationScalars,
  OUTPUT_KINDS,
  type OutputKind,
  type Parameterization,
} from "./parameterization.ts";
import { subVariancePreserving } from "./subvp.ts";
import { varianceExploding } from "./ve.ts";
import { variancePreserving } from "./vp.ts";

const ve = varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 });
const vp = variancePreserving({ betaMin: 0.1, betaMax: 20 });
const subvp = subVariancePreserving({ betaMin: 0.1, betaMax: 20 });

// One-dimensional Gaussian data N(MU, DATA_STD^2), for which everything is known.
const MU = 0.3;
const DATA_STD = 0.4;
const SIGMA_DATA = 0.5;
const LEVELS = 1000;

/** The score of p_t, x_t ~ N(mean MU, mean^2 DATA_STD^2 + std^2). */
function exactScore(process: ForwardProcess, t: number, x: number): number {
  const { mean, std } = process.marginal(t);
  return (mean * MU - x) / ((mean * DATA_STD) ** 2 + std ** 2);
}

/** E[x_0 | y] for y = x_0 + sigma n: what an EDM denoiser has learnt. */
function denoise(y: number, sigma: number): number {
  return (DATA_STD ** 2 * y + sigma ** 2 * MU) / (DATA_STD ** 2 + sigma ** 2);
}

/** What a perfect network of each kind puts out at x_t, by the definition of the kind. */
function exactOutput(kind: OutputKind, process: ForwardProcess, t: number, x: number): number {
  const { mean, std } = process.marginal(t);
  const score = exactScore(process, t, x);
  const x0 = denoise(x / mean, std / mean);
  const noise = -std * score;
  const sigma = std / mean;
  switch (kind) {
    case "score":
      return score;
    case "score-times-std":
      return std * score;
    case "noise":
      return noise;
    case "denoised":
      return x0;
    case "velocity": {
      const angle = Math.atan2(std, mean);
      return Math.cos(angle) * noise - Math.sin(angle) * x0;
    }
    case "edm-raw": {
      const skip = SIGMA_DATA ** 2 / (sigma ** 2 + SIGMA_DATA ** 2);
      const out = (sigma * SIGMA_DATA) / Math.sqrt(sigma ** 2 + SIGMA_DATA ** 2);
      return (x0 - skip * (x / mean)) / out;
    }
  }
}

/** Relative to the score's own size at t: the score passes through zero. */
function near(seen: number, process: ForwardProcess, t: number, x: number): boolean {
  const { mean, std } = process.marginal(t);
  const scale = Math.abs(exactScore(process, t, x)) + 1 / Math.hypot(mean * DATA_STD, std);
  return Math.abs(seen - exactScore(process, t, x)) < 1e-9 * scale;
}

for (const process of [ve, vp, subvp]) {
  for (const output of OUTPUT_KINDS) {
    test(`${process.kind}: ${output} gives the score back`, (t) => {
      const parameterization: Parameterization = {
        output,
        timeInput: "t",
        inputScaling: "none",
        sigmaData: SIGMA_DATA,
      };
      for (const time of [0.01, 0.1, 0.5, 0.9, 1]) {
        const { mean, std } = process.marginal(time);
        for (const z of [-2, -0.1, 0.7, 3]) {
          const x = mean * MU + z * Math.hypot(mean * DATA_STD, std);
          const network = exactOutput(output, process, time, x);
          const { scoreFromInput, scoreFromOutput } = evaluationScalars(
            process,
            parameterization,
            time,
          );
          t.true(near(scoreFromInput * x + scoreFromOutput * network, process, time, x));
        }
      }
    });
  }
}

/** A network as its users know it: it sees what its own code feeds it and nothing else. */
interface Convention {
  readonly name: string;
  readonly process: ForwardProcess;
  readonly parameterization: Parameterization;
  network(input: number, time: number): number;
}

const conventions: readonly Convention[] = [
  {
    name: "score_sde VE, continuous: the score from sigma",
    process: ve,
    parameterization: { output: "score", timeInput: "sigma", inputScaling: "none" },
    network: (x, sigma) => (MU - x) / (DATA_STD ** 2 + sigma ** 2),
  },
  {
    name: "score_sde VP, continuous: noise from 999 t",
    process: vp,
    parameterization: { output: "noise", timeInput: "t-times-999", inputScaling: "none" },
    network: (x, label) => -vp.marginal(label / 999).std * exactScore(vp, label / 999, x),
  },
  {
    name: "score_sde sub-VP, continuous: noise from 999 t",
    process: subvp,
    parameterization: { output: "noise", timeInput: "t-times-999", inputScaling: "none" },
    network: (x, label) => -subvp.marginal(label / 999).std * exactScore(subvp, label / 999, x),
  },
  {
    name: "discrete VP: noise from t (N - 1)",
    process: vp,
    parameterization: { output: "noise", timeInput: "step", inputScaling: "none", levels: LEVELS },
    network: (x, step) => -vp.marginal(step / 999).std * exactScore(vp, step / 999, x),
  },
  {
    name: "SMLD: the score from a label that counts down",
    process: ve,
    parameterization: {
      output: "score",
      timeInput: "reversed-step",
      inputScaling: "none",
      levels: LEVELS,
    },
    network: (x, label) => exactScore(ve, 1 - label / 999, x),
  },
  {
    name: "EDM: the denoised picture from x0 + sigma n and sigma",
    process: vp,
    parameterization: { output: "denoised", timeInput: "sigma", inputScaling: "over-mean" },
    network: denoise,
  },
  {
    name: "EDM raw: F from c_in x and ln(sigma) / 4",
    process: vp,
    parameterization: {
      output: "edm-raw",
      timeInput: "quarter-log-sigma",
      inputScaling: "edm-c-in",
      sigmaData: SIGMA_DATA,
    },
    network: (input, label) => {
      const sigma = Math.exp(4 * label);
      const y = input * Math.sqrt(sigma ** 2 + SIGMA_DATA ** 2);
      const skip = SIGMA_DATA ** 2 / (sigma ** 2 + SIGMA_DATA ** 2);
      const out = (sigma * SIGMA_DATA) / Math.sqrt(sigma ** 2 + SIGMA_DATA ** 2);
      return (denoise(y, sigma) - skip * y) / out;
    },
  },
  {
    name: "EDM's VE preconditioning: sigma score from ln(sigma / 2)",
    process: ve,
    parameterization: {
      output: "score-times-std",
      timeInput: "log-half-sigma",
      inputScaling: "over-mean",
    },
    network: (y, label) => (denoise(y, 2 * Math.exp(label)) - y) / (2 * Math.exp(label)),
  },
  {
    name: "a VP noise network on VE: x / sqrt(1 + sigma^2) and ln sigma",
    process: ve,
    parameterization: { output: "noise", timeInput: "log-sigma", inputScaling: "unit-variance" },
    network: (input, label) => {
      const sigma = Math.exp(label);
      const y = input * Math.sqrt(1 + sigma ** 2);
      return (y - denoise(y, sigma)) / sigma;
    },
  },
  {
    name: "v-diffusion: v = alpha n - sigma x0 from t, alpha^2 + sigma^2 = 1",
    process: vp,
    parameterization: { output: "velocity", timeInput: "t", inputScaling: "none" },
    network: (x, time) => {
      const { mean, std } = vp.marginal(time);
      const x0 = denoise(x / mean, std / mean);
      return (mean * (x - mean * x0)) / std - std * x0;
    },
  },
  {
    name: "k-diffusion's v on VE: c_skip 1 / (s^2 + 1), c_out -s / sqrt(s^2 + 1)",
    process: ve,
    parameterization: { output: "velocity", timeInput: "sigma", inputScaling: "unit-variance" },
    network: (input, s) => {
      const y = input * Math.sqrt(s ** 2 + 1);
      return (denoise(y, s) - y / (s ** 2 + 1)) / (-s / Math.sqrt(s ** 2 + 1));
    },
  },
  {
    name: "VDM: noise from gamma = -log SNR",
    process: vp,
    parameterization: { output: "noise", timeInput: "negative-log-snr", inputScaling: "none" },
    network: (x, gamma) => {
      const mean = 1 / Math.sqrt(1 + Math.exp(gamma));
      const sigma = Math.exp(gamma / 2);
      return (x / mean - denoise(x / mean, sigma)) / sigma;
    },
  },
  {
    name: "conditioned on the marginal std",
    process: subvp,
    parameterization: { output: "score", timeInput: "std", inputScaling: "none" },
    network: (x, std) => {
      const mean = Math.sqrt(1 - std); // the std of sub-VP is 1 - mean^2
      return (mean * MU - x) / ((mean * DATA_STD) ** 2 + std ** 2);
    },
  },
];

for (const { name, process, parameterization, network } of conventions) {
  test(name, (t) => {
    for (const time of [0.01, 0.25, 0.5, 0.9]) {
      const { mean, std } = process.marginal(time);
      for (const z of [-1.5, 0.2, 2]) {
        const x = mean * MU + z * Math.hypot(mean * DATA_STD, std);
        const scalars = evaluationScalars(process, parameterization, time);
        const output = network(scalars.inputScale * x, scalars.time);
        const score = scalars.scoreFromInput * x + scalars.scoreFromOutput * output;
        t.true(
          near(score, process, time, x),
          `t ${time}: ${score}, ${exactScore(process, time, x)}`,
        );
      }
    }
  });
}

test("an integer time input is rounded to the nearest level", (t) => {
  const base: Parameterization = {
    output: "noise",
    timeInput: "step",
    inputScaling: "none",
    levels: 1000,
  };
  const step = (time: number, integerTime: boolean): number =>
    evaluationScalars(vp, { ...base, integerTime }, time).time;
  t.is(step(1, true), 999);
  t.is(step(0.5, false), 499.5);
  t.is(step(0.5, true), 500);
  t.is(step(0.0004, true), 0);
  const reversed = evaluationScalars(
    ve,
    { ...base, timeInput: "reversed-step", integerTime: true },
    1,
  );
  t.is(reversed.time, 0);
});

test("at the least noise of VP no digits are lost", (t) => {
  // 1 - c_skip = sigma^2 / (sigma^2 + sigmaData^2), computed by subtraction, would have 5 digits left at t = 1e-9.
  const time = 1e-9;
  const parameterization: Parameterization = {
    output: "edm-raw",
    timeInput: "quarter-log-sigma",
    inputScaling: "edm-c-in",
    sigmaData: SIGMA_DATA,
  };
  const { scoreFromInput, scoreFromOutput } = evaluationScalars(vp, parameterization, time);
  t.true(Math.abs(scoreFromInput + 4) < 1e-8);
  t.true(Math.abs(scoreFromOutput * vp.marginal(time).std - 1) < 1e-8);
});

test("a time outside (0, T] and missing constants are refused", (t) => {
  const score: Parameterization = { output: "score", timeInput: "t", inputScaling: "none" };
  for (const time of [0, -0.1, 1.0001, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => evaluationScalars(vp, score, time), { instanceOf: RangeError, message: /seen/ });
  }
  const refused = (change: Partial<Parameterization>): void => {
    t.throws(() => evaluationScalars(vp, { ...score, ...change }, 0.5), { instanceOf: RangeError });
  };
  refused({ output: "edm-raw" });
  refused({ inputScaling: "edm-c-in", sigmaData: 0 });
  refused({ timeInput: "step" });
  refused({ timeInput: "reversed-step", levels: 1 });
});
