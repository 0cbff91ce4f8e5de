import test from "ava";

import { boxMuller, cosQuarterTurns, minusTwoLog, sinQuarterTurns } from "./box-muller.ts";

const bits = new DataView(new ArrayBuffer(4));

/** Every `stride`-th float32 from `first` to `last`, both positive. */
function* floats(first: number, last: number, stride: number): Generator<number> {
  bits.setFloat32(0, last);
  const end = bits.getInt32(0);
  bits.setFloat32(0, first);
  for (let word = bits.getInt32(0); word <= end; word += stride) {
    bits.setInt32(0, word);
    yield bits.getFloat32(0);
  }
}

/** [-1, 1] in steps of 2^-20. */
function* turns(): Generator<number> {
  for (let k = -(2 ** 20); k <= 2 ** 20; k++) yield k / 2 ** 20;
}

// The bounds are what the docstrings say: the largest error over every float32 is 2.08e-7 for the logarithm,
// 1.94e-7 for the sine, 1.68e-7 for the cosine, each about three units in the last place of a number near 1.
test("the logarithm is within 2.1e-7 of Math.log's", (t) => {
  let worst = 0;
  // 41: coprime to the spacing of the exponents. Near u = 1, where a relative error is hardest, every float.
  for (const [first, stride] of [
    [0.5, 41],
    [2 ** 31 * (1 - 2 ** -6), 1],
  ] as const) {
    for (const v of floats(first, 2 ** 31 * (1 - 2 ** -24), stride)) {
      const exact = -2 * Math.log(v / 2 ** 31);
      worst = Math.max(worst, Math.abs(minusTwoLog(v) / exact - 1));
    }
  }
  t.true(worst < 2.1e-7, `${worst}`);
  t.is(minusTwoLog(2 ** 31), 0);
});

test("the logarithm is nowhere negative, so that its root is a number", (t) => {
  // Elsewhere it is far from 0.
  let least = Infinity;
  for (const v of floats(2 ** 31 * (1 - 2 ** -6), 2 ** 31, 1))
    least = Math.min(least, minusTwoLog(v));
  t.is(least, 0);
});

test("the sine is within 2.0e-7 of Math.sin's, relative", (t) => {
  let worst = 0;
  for (const x of turns()) {
    const exact = Math.sin((Math.PI / 2) * x);
    if (x !== 0) worst = Math.max(worst, Math.abs(sinQuarterTurns(x) / exact - 1));
  }
  t.true(worst < 2.0e-7, `${worst}`);
  t.is(sinQuarterTurns(0), 0);
});

test("the cosine is within 1.7e-7 of Math.cos's", (t) => {
  let worst = 0;
  for (const x of turns()) {
    worst = Math.max(worst, Math.abs(cosQuarterTurns(x) - Math.cos((Math.PI / 2) * x)));
  }
  t.true(worst < 1.7e-7, `${worst}`);
});

test("the extreme words give finite numbers, the largest sqrt(64 ln 2)", (t) => {
  const [largest, none] = boxMuller(0, 0);
  t.is(largest, Math.fround(Math.sqrt(64 * Math.LN2)));
  t.is(none, 0);
  t.is(boxMuller(1, 0)[0], -largest);
  t.is(boxMuller(1, 0x80000000)[1], largest);
  for (const b of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
    t.true(boxMuller(0xffffffff, b).every((z) => z === 0));
    t.true(boxMuller(0, b).every((z) => Math.abs(z) <= largest));
  }
});

test("the pair is the one that the docstring's equation gives", (t) => {
  for (let k = 1; k <= 1000; k++) {
    const a = Math.imul(k, 0x9e3779b9) >>> 0;
    const b = Math.imul(k, 0x85ebca6b) >>> 0;
    const u1 = ((a >>> 1) + 0.5) / 2 ** 31;
    const r = (a & 1 ? -1 : 1) * Math.sqrt(-2 * Math.log(u1));
    const angle = ((b | 0) / 2 ** 31) * (Math.PI / 2);
    const [z0, z1] = boxMuller(a, b);
    // Half the logarithm's error, the sine's, and a float32 rounding each of x, the root and the product:
    // under 5e-7 relative. Rounding u1 moves ln u1 by 2^-24 at most, so r by 2^-24 / |r|.
    const allowed = 5e-7 * Math.abs(r) + 2 ** -24 / Math.abs(r);
    t.true(Math.abs(z0 - r * Math.cos(angle)) < allowed, `${a}, ${b}`);
    t.true(Math.abs(z1 - r * Math.sin(angle)) < allowed, `${a}, ${b}`);
  }
});
