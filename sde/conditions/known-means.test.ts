import test from "ava";
import { interpret } from "../interpret.ts";
import type { Program } from "../program.ts";
import { gaussianScore, PROCESSES } from "../testing.ts";
import type { LinearCondition } from "./linear-condition.ts";
import { colorization, type Measurement, superResolution } from "./measurements.ts";
import { elementsOf, type Shape } from "./shape.ts";
import { CONDITIONAL_SAMPLERS, numbers, pc } from "./testing.ts";
import { TRANSFORMS, type TransformName } from "./transform.ts";

const SHAPE: Shape = { channels: 3, height: 8, width: 8 };
const DIMS = elementsOf(SHAPE);
/** VE, whose data the tests have in about [0, 1]: N(0.7, 0.5^2), so that many samples leave that range. */
const process = PROCESSES.ve;
const score = gaussianScore(process);

function sample(program: Program, { known, mask }: Measurement, seed = 1n): number[] {
  const inputs = [known, mask];
  return Array.from(interpret(program, score, { dims: DIMS, seed, sample: 0, inputs }));
}

/** 8-bit levels of a picture in [0, 1], and back. */
const quantized = (values: readonly number[]): number[] =>
  values.map((value) => Math.round(255 * Math.min(1, Math.max(0, value))) / 255);

function meansOf(transform: TransformName, picture: readonly number[]): number[] {
  const { starts, offsets } = TRANSFORMS[transform].groups(SHAPE);
  return Array.from(starts, (start) => {
    const sum = offsets.reduce((all, offset) => all + picture[start + offset]!, 0);
    return sum / offsets.length;
  });
}

const furthest = (a: readonly number[], b: ArrayLike<number>): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

const MEASURED: Readonly<Record<string, Measurement & { readonly means: Float32Array }>> = {};
/** Means over the whole range, its two ends among them. */
const extremes = (length: number): Float32Array =>
  numbers(11, length).map((value) => Math.min(1, Math.max(0, 1.3 * value - 0.15)));
const gray = extremes(64);
Object.assign(MEASURED, { colorization: { ...colorization(gray, SHAPE), means: gray } });
for (const factor of [2, 4, 8] as const) {
  const low = extremes(DIMS / factor ** 2);
  const title = `super-resolution by ${factor}`;
  Object.assign(MEASURED, { [title]: { ...superResolution(low, factor, SHAPE), means: low } });
}

for (const [title, { means, ...measured }] of Object.entries(MEASURED)) {
  const { transform } = measured;
  for (const [name, sampler] of Object.entries(CONDITIONAL_SAMPLERS)) {
    test(`${title}, ${name}: means are kept, also by clipping and rounding to 8 bits`, (t) => {
      const free = sample(sampler(process, { transform, shape: SHAPE }), measured);
      // Coordinates are up to 8 times the mean; roundings of 2^-24 relative to those.
      t.true(furthest(meansOf(transform, free), means) < 1e-5);
      // Samples leave the range, so that clipping alone loses means.
      t.true(furthest(meansOf(transform, quantized(free)), means) > 1 / 255);
      const condition: LinearCondition = { transform, shape: SHAPE, dataRange: [0, 1] };
      const fitted = sample(sampler(process, condition), measured);
      t.true(fitted.every((value) => value >= 0 && value <= 1));
      t.true(furthest(meansOf(transform, fitted), means) < 1e-5);
      t.true(furthest(meansOf(transform, quantized(fitted)), means) < 1 / 255);
    });
  }
}

test("a picture that another seed draws has the same means and other details", (t) => {
  const { means, ...measured } = MEASURED["super-resolution by 2"]!;
  const program = pc(process, { condition: { transform: "blocks-2", shape: SHAPE } });
  const [one, two] = [sample(program, measured, 1n), sample(program, measured, 2n)];
  t.true(furthest(meansOf("blocks-2", one), means) < 1e-5);
  t.true(furthest(one, two) > 0.1);
});
