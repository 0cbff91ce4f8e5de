import test from "ava";
import fc from "fast-check";
import { COLOR_MATRIX } from "./color.ts";
import { elementsOf, type Shape } from "./shape.ts";
import { numbers } from "./testing.ts";
import { checkTransform, TRANSFORMS, type TransformName } from "./transform.ts";

const NAMES = Object.keys(TRANSFORMS) as TransformName[];

/** Shapes that all transforms take. */
const shapes = fc.record({
  channels: fc.constant(3),
  height: fc.integer({ min: 1, max: 3 }).map((n) => 8 * n),
  width: fc.integer({ min: 1, max: 3 }).map((n) => 8 * n),
});

const squared = (v: Iterable<number>): number => {
  let sum = 0;
  for (const value of v) sum += value * value;
  return sum;
};

for (const name of NAMES) {
  const { forward, inverse, groups } = TRANSFORMS[name];

  test(`${name}: the inverse undoes the transform and both keep the norm, in float32 as in float64`, (t) => {
    fc.assert(
      fc.property(shapes, fc.integer(), (shape, seed) => {
        const values = numbers(seed, elementsOf(shape)).map((value) => 2 * value - 1);
        // Some ten roundings of 2^-53 or 2^-24 an element, relative to coordinates of up to 8. The norms are sums of
        // up to 1728 squares in float64, each rounded: 1728 times 2^-53 is 2e-13.
        for (const [x, rounding] of [
          [Float64Array.from(values), 1e-12],
          [values, 5e-6],
        ] as const) {
          const v = x.slice();
          forward(v, shape);
          t.true(Math.abs(squared(v) / squared(x) - 1) < rounding);
          inverse(v, shape);
          for (const [e, value] of x.entries()) t.true(Math.abs(v[e]! - value) < rounding);
          inverse(v, shape);
          t.true(Math.abs(squared(v) / squared(x) - 1) < 2 * rounding);
        }
      }),
      { numRuns: 10 },
    );
  });

  test(`${name}: the inverse is the transpose`, (t) => {
    const shape: Shape = { channels: 3, height: 8, width: 8 };
    const dims = elementsOf(shape);
    // <Q x, y> = <x, Q^T y>
    const [x, y] = [Float64Array.from(numbers(1, dims)), Float64Array.from(numbers(2, dims))];
    const [ofX, ofY] = [x.slice(), y.slice()];
    forward(ofX, shape);
    inverse(ofY, shape);
    const dot = (a: Float64Array, b: Float64Array): number =>
      a.reduce((s, v, e) => s + v * b[e]!, 0);
    t.true(Math.abs(dot(ofX, y) - dot(x, ofY)) < 1e-11);
    if (name !== "identity") t.true(Math.abs(dot(ofX, y) - dot(x, y)) > 0.1);
  });

  test(`${name}: groups part the elements, and the first coordinate of each is sqrt(n) times its mean`, (t) => {
    fc.assert(
      fc.property(shapes, fc.integer(), (shape, seed) => {
        const x = Float64Array.from(numbers(seed, elementsOf(shape)));
        const { starts, offsets } = groups(shape);
        const seen = new Uint8Array(x.length);
        const v = x.slice();
        forward(v, shape);
        t.is(offsets[0], 0);
        for (const start of starts) {
          let sum = 0;
          for (const offset of offsets) {
            seen[start + offset]!++;
            sum += x[start + offset]!;
          }
          t.true(Math.abs(v[start]! - sum / Math.sqrt(offsets.length)) < 1e-13);
        }
        t.true(seen.every((count) => count === 1));
      }),
      { numRuns: 5 },
    );
  });
}

test("the colour matrix is the paper's", (t) => {
  const [a, b, c] = [1 / Math.sqrt(3), 1 / Math.sqrt(6), Math.SQRT1_2];
  t.deepEqual(COLOR_MATRIX, [
    [a, -Math.sqrt(2 / 3), 0],
    [a, b, c],
    [a, b, -c],
  ]);
  // Red, green and blue of one pixel: rows of M.
  const red = Float64Array.of(1, 0, 0);
  TRANSFORMS.color.forward(red, { channels: 3, height: 1, width: 1 });
  t.deepEqual([...red], [a, -Math.sqrt(2 / 3), 0]);
  const green = Float64Array.of(0, 1, 0);
  TRANSFORMS.color.forward(green, { channels: 3, height: 1, width: 1 });
  t.deepEqual([...green], [a, b, c]);
});

test("blocks lie where they should: groups follow the picture of the averages, row by row", (t) => {
  const shape: Shape = { channels: 2, height: 4, width: 6 };
  const { starts, offsets } = TRANSFORMS["blocks-2"].groups(shape);
  t.deepEqual([...starts], [0, 2, 4, 12, 14, 16, 24, 26, 28, 36, 38, 40]);
  t.deepEqual([...offsets], [0, 1, 6, 7]);
});

test("a shape that a transform is not defined for is refused", (t) => {
  const refused = (name: TransformName, shape: Shape, message: RegExp): void => {
    t.throws(() => checkTransform(name, shape), { instanceOf: RangeError, message });
  };
  refused("color", { channels: 1, height: 8, width: 8 }, /needs 3 channels; seen 1 x 8 x 8/);
  refused("blocks-4", { channels: 3, height: 8, width: 6 }, /multiples of 4; seen 3 x 8 x 6/);
  refused("blocks-8", { channels: 3, height: 12, width: 8 }, /multiples of 8/);
  refused("identity", { channels: 3, height: 0, width: 8 }, /at least 1; seen 3 x 0 x 8/);
  refused("identity", { channels: 1, height: 2.5, width: 8 }, /integers/);
  t.notThrows(() => checkTransform("blocks-4", { channels: 1, height: 8, width: 12 }));
});
