import test from "ava";
import { interpret, type Score } from "../interpret.ts";
import type { Vector } from "../kernels.ts";
import { type FillNormal, fillNormal } from "../noise.ts";
import { gridMarginal } from "../processes/transition.ts";
import type { Program } from "../program.ts";
import { gaussianScore, PROCESSES } from "../testing.ts";
import type { LinearCondition } from "./linear-condition.ts";
import { inpainting, type Measurement } from "./measurements.ts";
import { elementsOf, type Shape } from "./shape.ts";
import { CONDITIONAL_SAMPLERS, numbers, pc } from "./testing.ts";
import { TRANSFORMS, type TransformName } from "./transform.ts";

const TRANSFORM_NAMES = Object.keys(TRANSFORMS) as TransformName[];
const SHAPE: Shape = { channels: 3, height: 8, width: 8 };
const DIMS = elementsOf(SHAPE);
/** VE, whose data the tests have in about [0, 1]: N(0.7, 0.5^2), so that many samples leave that range. */
const process = PROCESSES.ve;
const score = gaussianScore(process);
const IDENTITY: LinearCondition = { transform: "identity", shape: SHAPE };

function sample(
  program: Program,
  measured?: Pick<Measurement, "known" | "mask">,
  seed = 1n,
  by: Score = score,
): number[] {
  const inputs = measured === undefined ? [] : [measured.known, measured.mask];
  return Array.from(interpret(program, by, { dims: DIMS, seed, sample: 0, inputs }));
}

const randomMask = (seed: number): Float32Array =>
  numbers(seed, DIMS).map((value) => (value < 0.5 ? 1 : 0));

for (const [name, sampler] of Object.entries(CONDITIONAL_SAMPLERS)) {
  const conditional = sampler(process, IDENTITY);

  test(`${name}: known pixels come out to the last bit, the others are drawn`, (t) => {
    // Not in the data's range, and of any size: what is known is not judged.
    const image = numbers(5, DIMS).map((value, e) => (value - 0.5) * 10 ** ((e % 9) - 6));
    const masked = inpainting(image, randomMask(6));
    const [one, two] = [sample(conditional, masked), sample(conditional, masked, 2n)];
    for (let e = 0; e < DIMS; e++) {
      if (masked.mask[e] === 1) {
        t.is(one[e], image[e]);
        t.is(two[e], image[e]);
      } else {
        t.not(one[e], two[e]);
      }
    }
  });

  test(`${name}: where all is known it comes back, where nothing is the bits are those without a condition`, (t) => {
    const image = numbers(7, DIMS);
    const all = inpainting(image, new Float32Array(DIMS).fill(1));
    t.deepEqual(sample(conditional, all), Array.from(image));
    const without = sample(sampler(process, undefined));
    for (const transform of TRANSFORM_NAMES) {
      const condition: LinearCondition = { transform, shape: SHAPE, dataRange: [0, 1] };
      const program = sampler(process, condition);
      const known = numbers(8, DIMS);
      t.deepEqual(sample(program, { known, mask: new Float32Array(DIMS) }), without);
      // All coordinates of a picture inside its range are the picture, but for roundings of values up to 8.
      const coordinates = image.slice();
      TRANSFORMS[transform].forward(coordinates, SHAPE);
      const mask = new Float32Array(DIMS).fill(1);
      for (const [e, value] of sample(program, { known: coordinates, mask }).entries()) {
        t.true(Math.abs(value - image[e]!) < 5e-6);
      }
    }
  });

  test(`${name}: no noise is drawn twice, and the sampler's own is what it is without a condition`, (t) => {
    const draws = (program: Program): number[] => {
      const seen: number[] = [];
      const fill: FillNormal = (out, key) => {
        seen.push(key.draw);
        fillNormal(out, key);
      };
      const inputs = [numbers(8, DIMS), randomMask(6)].slice(0, program.inputs.length);
      interpret(program, score, { dims: DIMS, seed: 1n, sample: 0, inputs, fill });
      return seen;
    };
    const seen = draws(conditional);
    t.is(new Set(seen).size, seen.length);
    const own = draws(sampler(process, undefined));
    // HMC accepts and refuses otherwise, but draws as often.
    t.deepEqual(
      seen.filter((draw) => draw < 2 ** 31),
      own,
    );
    t.true(seen.length > own.length);
  });

  test(`${name}: the network is asked as often as was said, as without a condition, in float32 as in float64`, (t) => {
    for (const transform of TRANSFORM_NAMES) {
      const program = sampler(process, { transform, shape: SHAPE });
      t.is(program.evaluations, sampler(process, undefined).evaluations);
      t.is(program.inputs.length, 2);
      t.is(program.preview, program.registers.length - 1);
      let asked = 0;
      const counting: Score = (x, time) => {
        asked++;
        return score(x, time);
      };
      sample(program, { known: numbers(8, DIMS), mask: randomMask(6) }, 1n, counting);
      t.is(program.evaluations, asked);
    }
  });
}

/** What the network is asked, in order. */
function asked(
  program: Program,
  measured: Measurement,
): { result: number[]; states: { x: Vector; time: number }[] } {
  const states: { x: Vector; time: number }[] = [];
  const watching: Score = (x, time) => {
    states.push({ x: x.slice(), time });
    return score(x, time);
  };
  return { result: sample(program, measured, 1n, watching), states };
}

// Heun's second evaluation and HMC's are at points on the way; all others are at a state.
for (const name of Object.keys(CONDITIONAL_SAMPLERS)) {
  if (/heun|edm|hmc/.test(name)) continue;
  test(`${name}: from the start on, known pixels have the noise of the time, drawn anew each time`, (t) => {
    // Values that the prior, of std 50, is far from: a start without them would be seen.
    const image = numbers(9, DIMS).map((value) => 1000 * (value + 1));
    const measured = inpainting(image, randomMask(10));
    const { states } = asked(CONDITIONAL_SAMPLERS[name]!(process, IDENTITY), measured);
    const known = Array.from(measured.mask.keys()).filter((e) => measured.mask[e] === 1);
    const noises = states.map(({ x, time }) => {
      const { mean, std } = process.marginal(time);
      return known.map((e) => (x[e]! - mean * measured.known[e]!) / std);
    });
    t.is(states[0]?.time, 1);
    const n = known.length;
    const average = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / n;
    for (const [i, z] of noises.entries()) {
      // Standard errors are 1 / sqrt(n), sqrt(2 / n) and 1 / sqrt(n), n about 96; of some hundred, none is off by 5.
      t.true(Math.abs(average(z)) < 5 / Math.sqrt(n));
      t.true(Math.abs(average(z.map((value) => value * value)) - 1) < 5 * Math.sqrt(2 / n));
      const before = noises[i - 1];
      if (before === undefined) continue;
      t.true(Math.abs(average(z.map((value, k) => value * before[k]!))) < 5 / Math.sqrt(n));
    }
  });
}

for (const name of [
  "predictor-corrector, langevin",
  "resampling",
  "ddim, eta 1",
  "edm-heun",
  "euler",
]) {
  test(`${name}: what is not known is denoised as well at the end`, (t) => {
    const measured = inpainting(numbers(9, DIMS), randomMask(10));
    const { result, states } = asked(CONDITIONAL_SAMPLERS[name]!(process, IDENTITY), measured);
    const { x, time } = states.at(-1)!;
    const { mean, std } = process.marginal(time);
    const ofScore = score(x, time);
    t.is(gridMarginal(process, time).std, process.marginal(process.samplingEps).std);
    for (let e = 0; e < DIMS; e++) {
      if (measured.mask[e] === 1) continue;
      const denoised = (x[e]! + std * std * ofScore[e]!) / mean;
      t.true(Math.abs(result[e]! - denoised) < 1e-6);
      // The noise that is gone is seen: std is 0.01.
      t.not(result[e], x[e]);
    }
  });
}

test("a hundred masks: known pixels come out to the last bit, the others differ between seeds", (t) => {
  for (let i = 0; i < 100; i++) {
    const image = numbers(i, DIMS);
    const share = (i + 0.5) / 100;
    const mask = numbers(1000 + i, DIMS).map((value) => (value < share ? 1 : 0));
    const program = pc(process, { corrector: "langevin", condition: IDENTITY });
    const seen = [1n, 2n].map((seed) => sample(program, inpainting(image, mask), seed));
    for (let e = 0; e < DIMS; e++) {
      if (mask[e] === 1) t.is(seen[0]![e], image[e]);
      t.is(seen[0]![e] === seen[1]![e], mask[e] === 1);
    }
  }
});

test("what can't be is refused before anything runs", (t) => {
  const refused = (condition: LinearCondition, message: RegExp): void => {
    for (const sampler of Object.values(CONDITIONAL_SAMPLERS)) {
      t.throws(() => sampler(process, condition), { instanceOf: RangeError, message });
    }
  };
  refused({ transform: "color", shape: { ...SHAPE, channels: 4 } }, /needs 3 channels/);
  refused({ ...IDENTITY, dataRange: [1, 1] }, /data range must rise; seen 1, 1/);
  refused({ ...IDENTITY, noise: -1 }, /noise of a condition must be >= 0; seen -1/);
});
