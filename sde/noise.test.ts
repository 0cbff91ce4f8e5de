import test from "ava";

import { boxMuller } from "./box-muller.ts";
import {
  fillNormal,
  fillUniform,
  type NoiseKey,
  philox,
  type Uint32x4,
  uniformNumber,
} from "./noise.ts";

const KEY: NoiseKey = { seed: 0x0123456789abcdefn, sample: 3, draw: 5 };
const COUNT = 2 ** 20;

function normals(count: number, key: Partial<NoiseKey> = {}): Float32Array {
  const out = new Float32Array(count);
  fillNormal(out, { ...KEY, ...key });
  return out;
}

function mean(x: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of x) {
    sum += value;
    count++;
  }
  return sum / count;
}

/** P(|z| > x) by Abramowitz and Stegun 7.1.26; error at most 1.5e-7. */
function beyond(x: number): number {
  const t = 1 / (1 + (0.3275911 * x) / Math.SQRT2);
  const poly =
    0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)));
  return t * poly * Math.exp((-x * x) / 2);
}

const full = normals(COUNT);

// Random123, kat_vectors: philox4x32 10.
const KNOWN: readonly (readonly [Uint32x4, readonly [number, number], Uint32x4])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test("philox gives Random123's known answers", (t) => {
  for (const [counter, key, answer] of KNOWN) t.deepEqual(philox(counter, key), answer);
});

test("element 16 g + 4 w + j is number w of counter block 4 g + j", (t) => {
  const words = [0x89abcdef, 0x01234567] as const;
  for (const e of [0, 1, 4, 9, 14, 15, 16, 1000, 1007, COUNT - 1]) {
    const block = 4 * (e >> 4) + (e & 3);
    const w = (e >> 2) & 3;
    const random = philox([block, KEY.draw, KEY.sample, 0], words);
    const pair = w < 2 ? boxMuller(random[0], random[1]) : boxMuller(random[2], random[3]);
    t.is(full[e], pair[w & 1]);
  }
});

test("the bits of a key are these, in every release", (t) => {
  const words = [...new Uint32Array(normals(5).buffer)].map((word) => word.toString(16));
  t.deepEqual(words, ["3ee4a892", "3f14e8a9", "bf2c37de", "3f901ab2", "bf933740"]);
});

test("a shorter array gets the leading values", (t) => {
  for (const length of [0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 1000]) {
    t.deepEqual(normals(length), full.slice(0, length));
  }
});

test("a number out of range is refused with its name and value", (t) => {
  const refused = (key: Partial<NoiseKey>, message: RegExp): void => {
    t.throws(() => normals(1, key), { instanceOf: RangeError, message });
  };
  refused({ seed: -1n }, /seed.*seen -1/);
  refused({ seed: 1n << 64n }, /seed.*seen 18446744073709551616/);
  refused({ sample: -1 }, /sample.*seen -1/);
  refused({ sample: 2 ** 32 }, /sample.*seen 4294967296/);
  refused({ draw: 0.5 }, /draw.*seen 0\.5/);
  refused({ draw: Number.NaN }, /draw.*seen NaN/);
  t.notThrows(() => normals(1, { seed: (1n << 64n) - 1n, sample: 2 ** 32 - 1, draw: 2 ** 32 - 1 }));
});

// The statistical tests allow four standard errors, which chance alone exceeds once in 16,000 tests: with
// fixed seeds they pass always or never.
test("the first four moments are those of N(0, 1)", (t) => {
  // [power, E z^p, Var z^p = E z^2p - (E z^p)^2]
  for (const [power, moment, variance] of [
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
  ] as const) {
    const error = mean(full.map((z) => z ** power)) - moment;
    t.true(Math.abs(error) < 4 * Math.sqrt(variance / COUNT), `power ${power}: ${error}`);
  }
});

test("each of the 16 places of a group has mean 0 and variance 1", (t) => {
  const count = COUNT / 16;
  for (let place = 0; place < 16; place++) {
    const z = full.filter((_, e) => e % 16 === place);
    t.true(Math.abs(mean(z)) < 4 / Math.sqrt(count), `mean of ${place}`);
    t.true(
      Math.abs(mean(z.map((x) => x * x)) - 1) < 4 * Math.sqrt(2 / count),
      `variance of ${place}`,
    );
  }
});

test("Kolmogorov-Smirnov: the distribution function is N(0, 1)'s", (t) => {
  const sorted = full.slice().sort();
  let distance = 0;
  for (let i = 0; i < COUNT; i++) {
    const z = sorted[i] ?? Number.NaN;
    const cdf = z < 0 ? beyond(-z) / 2 : 1 - beyond(z) / 2;
    distance = Math.max(distance, Math.abs(cdf - i / COUNT), Math.abs(cdf - (i + 1) / COUNT));
  }
  // P(sqrt(n) D > x) -> 2 exp(-2 x^2): 1e-3 at x = 1.95.
  t.true(Math.sqrt(COUNT) * distance < 1.95, `${distance}`);
});

test("each tail holds its share", (t) => {
  for (const x of [1, 2, 3, 4, 4.5]) {
    const p = beyond(x) / 2;
    // Binomial: standard deviation sqrt(n p (1 - p)).
    const allowed = 4 * Math.sqrt(COUNT * p * (1 - p));
    for (const sign of [1, -1]) {
      const seen = full.filter((z) => sign * z > x).length;
      t.true(Math.abs(seen - COUNT * p) < allowed, `${seen} beyond ${sign * x}, not ${COUNT * p}`);
    }
  }
});

/** Both z and z^2, since a pair's numbers share their radius: were it lost, only the squares would tell. */
function correlations(x: Float32Array, y: Float32Array): readonly [plain: number, squares: number] {
  const plain = mean(x.map((a, i) => a * (y[i] ?? Number.NaN)));
  // (z^2 - 1) / sqrt(2) has mean 0 and variance 1.
  const squares = mean(x.map((a, i) => ((a * a - 1) * ((y[i] ?? Number.NaN) ** 2 - 1)) / 2));
  return [plain, squares];
}

test("other elements, draws, samples and seeds are independent", (t) => {
  const count = 2 ** 18;
  const head = full.subarray(0, count);
  const others: Record<string, Float32Array> = {
    "next draw": normals(count, { draw: KEY.draw + 1 }),
    "next sample": normals(count, { sample: KEY.sample + 1 }),
    "sample and draw exchanged": normals(count, { sample: KEY.draw, draw: KEY.sample }),
    "next seed": normals(count, { seed: KEY.seed + 1n }),
    "next seed in the high word": normals(count, { seed: KEY.seed + (1n << 32n) }),
    "next sample and draw": normals(count, { sample: KEY.sample + 1, draw: KEY.draw + 1 }),
  };
  for (const lag of [...Array.from({ length: 16 }, (_, i) => i + 1), 3072]) {
    others[`element + ${lag}`] = full.subarray(lag, lag + count);
  }
  for (const [name, other] of Object.entries(others)) {
    for (const c of correlations(head, other)) {
      // A mean of `count` products of variance 1.
      t.true(Math.abs(c) < 4 / Math.sqrt(count), `${name}: ${c}`);
    }
  }
});

test("uniform numbers fill (0, 1) evenly, each key its own, apart from the normals of the same key", (t) => {
  const count = 20_000;
  const numbers = Array.from({ length: count }, (_, draw) =>
    uniformNumber({ seed: 9n, sample: 1, draw }),
  );
  t.true(numbers.every((value) => value > 0 && value < 1));
  t.is(new Set(numbers).size, count);
  // Kolmogorov-Smirnov: sqrt(n) times the largest distance exceeds 1.95 once in 1000.
  const sorted = [...numbers].sort((a, b) => a - b);
  const distance = Math.max(...sorted.map((value, i) => Math.abs(value - (i + 0.5) / count)));
  t.true(distance * Math.sqrt(count) < 1.95);
  // Correlation with the first normal of the same key: standard error 1 / sqrt(n).
  const normal = new Float32Array(1);
  let product = 0;
  for (const [draw, value] of numbers.entries()) {
    fillNormal(normal, { seed: 9n, sample: 1, draw });
    product += (value - 0.5) * Math.sqrt(12) * (normal[0] ?? 0);
  }
  t.true(Math.abs(product / count) < 4 / Math.sqrt(count));
});

function uniforms(count: number, key: Partial<NoiseKey> = {}): Float32Array {
  const out = new Float32Array(count);
  fillUniform(out, { ...KEY, ...key });
  return out;
}

test("element 4 b + w of the uniforms is the middle of the cell of word w of block b, in every release", (t) => {
  const all = uniforms(1000);
  const words = [0x89abcdef, 0x01234567] as const;
  for (const e of [0, 1, 2, 3, 4, 501, 999]) {
    const word = philox([e >> 2, KEY.draw, KEY.sample, 1], words)[e & 3] ?? Number.NaN;
    t.is(all[e], (Math.floor(word / 512) + 0.5) / 2 ** 23);
  }
  const bits = [...new Uint32Array(uniforms(5).buffer)].map((word) => word.toString(16));
  t.deepEqual(bits, ["3f67ac27", "3e7f272c", "3f533873", "3eb5627e", "3de3acc8"]);
  for (const length of [0, 1, 3, 4, 5, 17]) t.deepEqual(uniforms(length), all.slice(0, length));
});

test("uniforms fill (0, 1) evenly in each of the four places of a block, neither end among them", (t) => {
  const count = 2 ** 18;
  const all = uniforms(count);
  // Exact in float32, where the largest is the last number below 1.
  t.true(all.every((u) => u > 0 && u < 1 && (u * 2 ** 24) % 2 === 1));
  for (let place = 0; place < 4; place++) {
    const sorted = all.filter((_, e) => e % 4 === place).sort();
    const n = sorted.length;
    const distance = sorted.reduce(
      (most, u, i) => Math.max(most, Math.abs(u - (i + 0.5) / n) + 0.5 / n),
      0,
    );
    // Exceeded once in a thousand.
    t.true(Math.sqrt(n) * distance < 1.95, `${distance} in place ${place}`);
  }
});

test("uniforms of other elements, draws, samples and seeds are independent, and of the normals", (t) => {
  const count = 2 ** 16;
  const all = uniforms(2 * count);
  const head = all.subarray(0, count);
  const scaled = (u: Float32Array): Float32Array => u.map((value) => (value - 0.5) * Math.sqrt(12));
  const others: Record<string, Float32Array> = {
    "next draw": scaled(uniforms(count, { draw: KEY.draw + 1 })),
    "next sample": scaled(uniforms(count, { sample: KEY.sample + 1 })),
    "sample and draw exchanged": scaled(uniforms(count, { sample: KEY.draw, draw: KEY.sample })),
    "next seed": scaled(uniforms(count, { seed: KEY.seed + 1n })),
    "seed's high word": scaled(uniforms(count, { seed: KEY.seed + (1n << 32n) })),
    "normals of the same key": normals(count),
  };
  for (const lag of [1, 2, 3, 4, 8, 3072]) {
    others[`element + ${lag}`] = scaled(all.subarray(lag, lag + count));
  }
  for (const [name, other] of Object.entries(others)) {
    const correlation = mean(scaled(head).map((value, i) => value * (other[i] ?? Number.NaN)));
    t.true(Math.abs(correlation) < 4 / Math.sqrt(count), `${name}: ${correlation}`);
  }
});

test("uniforms refuse a key that is out of range", (t) => {
  t.throws(() => uniforms(1, { draw: -1 }), { instanceOf: RangeError, message: /draw.*seen -1/ });
  t.throws(() => uniforms(0, { seed: 1n << 64n }), { instanceOf: RangeError });
});
