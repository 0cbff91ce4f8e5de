import test from "ava";
import fc from "fast-check";
import { spherical } from "./latents.ts";

const latent = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 });
const norm = (v: ArrayLike<number>): number =>
  Math.sqrt(Array.from(v).reduce((sum, value) => sum + value * value, 0));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, e) => sum + value * b[e]!, 0);
const angle = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.acos(Math.min(1, Math.max(-1, dot(a, b) / (norm(a) * norm(b)))));

test("the angle is shared as the fraction says, in the plane of the two, and norms are interpolated", (t) => {
  fc.assert(
    fc.property(
      latent,
      latent,
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      (a, b, fraction) => {
        fc.pre(norm(a) > 0.1 && norm(b) > 0.1 && angle(a, b) > 0.1 && angle(a, b) < 3);
        const seen = spherical(a, b, fraction);
        // Rounded to float32, a share of 1e-7; an arc cosine makes at most 1e-5 of it for angles from 0.005 on.
        t.true(Math.abs(angle(a, seen) - fraction * angle(a, b)) < 1e-4);
        t.true(Math.abs(angle(seen, b) - (1 - fraction) * angle(a, b)) < 1e-4);
        const size = (1 - fraction) * norm(a) + fraction * norm(b);
        t.true(Math.abs(norm(seen) - size) < 1e-5 * size);
      },
    ),
  );
});

test("the ends are the latents themselves, and the way back is the same way", (t) => {
  fc.assert(
    fc.property(latent, latent, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, fraction) => {
      fc.pre(norm(a) > 0.1 && norm(b) > 0.1 && angle(a, b) < 3);
      t.deepEqual(spherical(a, b, 0), Float32Array.from(a));
      t.deepEqual(spherical(a, b, 1), Float32Array.from(b));
      const [there, back] = [spherical(a, b, fraction), spherical(b, a, 1 - fraction)];
      for (const [e, value] of there.entries()) t.true(Math.abs(value - back[e]!) < 1e-4);
    }),
  );
});

test("latents of one direction go straight, also where their angle is too small for a cosine", (t) => {
  t.deepEqual([...spherical([1, 2], [2, 4], 0.5)], [1.5, 3]);
  t.deepEqual([...spherical([1, 2], [1, 2], 0.25)], [1, 2]);
  const seen = spherical([1, 0], [1, 1e-9], 0.5);
  t.true(Math.abs(seen[1]! - 5e-10) < 1e-15);
  // A quarter turn of unit vectors, by thirds.
  const third = spherical([1, 0], [0, 1], 1 / 3);
  t.true(Math.abs(third[0]! - Math.cos(Math.PI / 6)) < 1e-7);
  t.true(Math.abs(third[1]! - 0.5) < 1e-7);
});

test("what has no shortest way is refused", (t) => {
  const refused = (a: number[], b: number[], fraction: number, message: RegExp): void => {
    t.throws(() => spherical(a, b, fraction), { instanceOf: RangeError, message });
  };
  refused([1, 2], [1], 0.5, /same length; seen 2 and 1/);
  refused([1, 2], [2, 1], 1.5, /seen 1.5/);
  refused([1, 2], [2, 1], Number.NaN, /seen NaN/);
  refused([0, 0], [2, 1], 0.5, /norm above 0.*seen 0/);
  refused([1, Number.NaN], [2, 1], 0.5, /seen NaN/);
  refused([1, 2], [-2, -4], 0.5, /opposite/);
});
