import test from "ava";
import fc from "fast-check";
import { onArc } from "./spherical.ts";

const vector = fc
  .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 8, maxLength: 8 })
  .map((values) => Float32Array.from(values));
const long = vector.filter((v) => norm(v) > 0.1);

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, e) => sum + value * b[e]!, 0);
}

function norm(v: Float32Array): number {
  return Math.sqrt(dot(v, v));
}

function angle(a: Float32Array, b: Float32Array): number {
  return Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (norm(a) * norm(b)))));
}

test("a quarter of a circle", (t) => {
  const half = onArc(Float32Array.of(2, 0), Float32Array.of(0, 4), 0.5);
  // The direction of the diagonal, and the mean of the lengths.
  t.true(Math.abs(half[0]! - 3 * Math.SQRT1_2) < 1e-6);
  t.true(Math.abs(half[1]! - 3 * Math.SQRT1_2) < 1e-6);
  const third = onArc(Float32Array.of(1, 0), Float32Array.of(0, 1), 1 / 3);
  t.true(Math.abs(third[0]! - Math.cos(Math.PI / 6)) < 1e-6);
  t.true(Math.abs(third[1]! - 0.5) < 1e-6);
});

test("lengths change linearly, the angle evenly, and the ends are the ends", (t) => {
  fc.assert(
    fc.property(long, long, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, fraction) => {
      fc.pre(angle(a, b) > 0.1 && angle(a, b) < 3);
      const point = onArc(a, b, fraction);
      // Float32 elements: 6e-8 of the length each; the arc cosine is worse by its slope near 0, sqrt(2 * 1e-7).
      const length = (1 - fraction) * norm(a) + fraction * norm(b);
      t.true(Math.abs(norm(point) - length) < 1e-5 * length);
      t.true(Math.abs(angle(a, point) - fraction * angle(a, b)) < 2e-3);
      t.true(Math.abs(angle(point, b) - (1 - fraction) * angle(a, b)) < 2e-3);
      t.true(norm(onArc(a, b, 0).map((value, e) => value - a[e]!)) < 1e-6 * norm(a));
      t.true(norm(onArc(a, b, 1).map((value, e) => value - b[e]!)) < 1e-6 * norm(b));
    }),
  );
});

test("parallel vectors are joined by a straight line", (t) => {
  t.deepEqual(onArc(Float32Array.of(1, 2), Float32Array.of(3, 6), 0.5), Float32Array.of(2, 4));
});

test("what no one arc joins is refused", (t) => {
  const refused = (
    a: readonly number[],
    b: readonly number[],
    f: number,
    message: RegExp,
  ): void => {
    t.throws(() => onArc(Float32Array.from(a), Float32Array.from(b), f), {
      instanceOf: RangeError,
      message,
    });
  };
  refused([1, 2], [-1, -2], 0.5, /opposite/);
  refused([0, 0], [1, 0], 0.5, /zero/);
  refused([1], [1, 2], 0.5, /1 and 2 elements/);
  refused([1, 0], [0, 1], 1.5, /seen 1.5/);
  refused([1, 0], [0, 1], Number.NaN, /seen NaN/);
});
