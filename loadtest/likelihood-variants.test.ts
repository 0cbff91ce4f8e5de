import test from "ava";
import { addNoise, invert, permutationOf, shuffle, uniformNoise } from "./likelihood-variants.ts";

/** Red, green and blue tell the pixel that they came from. */
const PICTURE = Uint8Array.from({ length: 3 * 64 }, (_, e) => Math.floor(e / 3) + 64 * (e % 3));

test("a permutation has each place once, and moves them", (t) => {
  const order = permutationOf(1024);
  t.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 1024 }, (_, k) => k),
  );
  t.true(order.filter((from, to) => from === to).length < 10);
  // Neighbours come apart: a mere shift is not random.
  t.true(order.filter((from, to) => order[to + 1] === from + 1).length < 10);
  t.deepEqual(permutationOf(1024), order);
});

test("shuffling keeps every pixel's colour and moves all pictures alike", (t) => {
  const shuffled = shuffle(PICTURE, 0);
  const order = permutationOf(64);
  for (const [to, from] of order.entries()) {
    t.deepEqual([...shuffled.subarray(3 * to, 3 * to + 3)], [from, from + 64, from + 128]);
  }
  t.deepEqual(shuffle(PICTURE, 1), shuffled);
});

test("inverting twice changes nothing", (t) => {
  t.is(invert(PICTURE, 0)[0], 255);
  t.deepEqual(invert(invert(PICTURE, 0), 0), PICTURE);
});

test("noise has the std that was asked for, and is another for another picture", (t) => {
  const gray = new Uint8Array(3072).fill(128);
  const noisy = addNoise(0.1)(gray, 0);
  const squares = noisy.reduce((sum, level) => sum + (level - 128) ** 2, 0);
  // Of std 12.75: the sample's std errs by 1 / sqrt(2 x 3072), 1.3 %; rounding adds 1/12 to the variance.
  t.true(Math.abs(Math.sqrt(squares / 3072) / 12.75 - 1) < 0.05);
  t.notDeepEqual(addNoise(0.1)(gray, 1), noisy);
  t.true(addNoise(1)(new Uint8Array(3072), 0).some((level) => level === 0));
});

test("uniform noise takes every level and looks at nothing", (t) => {
  const levels = uniformNoise(new Uint8Array(3 * 4096), 0);
  t.is(new Set(levels).size, 256);
  // 127.5 with a standard error of 74 / sqrt(12288) = 0.67.
  t.true(Math.abs(levels.reduce((sum, level) => sum + level, 0) / levels.length - 127.5) < 3);
});
