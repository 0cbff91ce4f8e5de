import test from "ava";
import { type GaussianMixture, mixtureLogDensity } from "../gaussian-mixture.ts";
import { DATA, PROCESSES } from "../testing.ts";
import { bitsPerDim, type Quantization } from "./bits-per-dim.ts";
import { combineDraws } from "./combine-draws.ts";
import { exactModel, likelihoodOf, likelihoodOptions } from "./testing.ts";

test("the offsets of eight bits are 7 over [-1, 1] and 8 over [0, 1]", (t) => {
  t.is(bitsPerDim(0, 3, { low: -1, high: 1, bits: 8 }), 7);
  t.is(bitsPerDim(0, 3, { low: 0, high: 1, bits: 8 }), 8);
  t.is(bitsPerDim(-6 * Math.LN2, 3, { low: 0, high: 1, bits: 8 }), 10);
});

test("data that is uniform over its range takes `bits` bits per dimension", (t) => {
  for (const [low, high] of [
    [-1, 1],
    [0, 1],
    [-3, 0.5],
    [0, 255],
  ] as const) {
    for (const bits of [1, 5, 8, 16]) {
      const dims = 7;
      const logDensity = -dims * Math.log(high - low);
      t.true(Math.abs(bitsPerDim(logDensity, dims, { low, high, bits }) - bits) < 1e-12);
    }
  }
});

test("levels that can't be are refused", (t) => {
  const refused = (over: Partial<Quantization>, message: RegExp): void => {
    const quantization = { low: 0, high: 1, bits: 8, ...over };
    t.throws(() => bitsPerDim(0, 1, quantization), { instanceOf: RangeError, message });
  };
  refused({ bits: 0 }, /seen 0/);
  refused({ bits: 17 }, /seen 17/);
  refused({ bits: 7.5 }, /seen 7\.5/);
  refused({ low: 1 }, /seen 1 and 1/);
  refused({ high: Number.POSITIVE_INFINITY }, /seen 0 and Infinity/);
});

test("from levels to bits: importance-weighted draws give the probability of the cell, plain ones more bits", (t) => {
  const process = PROCESSES.vp;
  const data: GaussianMixture = { weights: [1], means: [[DATA.mean]], stds: [DATA.std] };
  // Cells of width 1/2, over each of which the density changes much.
  const quantization = { low: -1, high: 1, bits: 2 };
  for (const level of [0, 1, 3]) {
    const draws = Array.from({ length: 400 }, (_, draw) => {
      const options = likelihoodOptions({
        ...{ process, dims: 1, probe: { kind: "rademacher", draw: 1000 } },
        dequantization: { ...quantization, draw },
      });
      return [likelihoodOf(options, exactModel(process, data), [level]).logDensity];
    });
    // The middle of 1,000 parts of the cell: an error of 1e-7.
    const parts = Array.from({ length: 1000 }, (_, i) => -1 + level / 2 + (i + 0.5) / 2000);
    const densities = parts.map((x) => mixtureLogDensity(data, [x]));
    const probability =
      densities.reduce((sum, value) => sum + Math.exp(value), 0) / densities.length / 2;
    const average = densities.reduce((sum, value) => sum + value, 0) / densities.length;

    const weighted = combineDraws(draws, { importanceWeighted: true });
    const plain = combineDraws(draws, { importanceWeighted: false });
    // Four standard errors, and what the prior and the solver err by: mean(T) times 0.7, and z up to 3: 0.014.
    const bits = (nats: number): number => nats / Math.LN2;
    const seen = bitsPerDim(weighted.logLikelihood, 1, quantization);
    const allowed = bits(4 * weighted.standardError + 0.014);
    t.true(Math.abs(seen + Math.log2(probability)) < allowed, `${seen} at ${level}`);
    const bound = bitsPerDim(plain.logLikelihood, 1, quantization);
    const expected = bitsPerDim(average, 1, quantization);
    t.true(Math.abs(bound - expected) < bits(4 * plain.standardError + 0.014), `${bound}`);
    t.true(bound > seen);
    t.true(allowed < 0.35, `${allowed}: too wide to tell anything`);
  }
});
