import test from "ava";
import fc from "fast-check";

import { fillNormal, type NoiseKey } from "../sde/noise.ts";
import { createFillNormal } from "./noise.ts";

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const keys: fc.Arbitrary<NoiseKey> = fc.record({
  seed: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  sample: uint32,
  draw: uint32,
});

/** Bit for bit: -0 is not 0. */
function same(x: Float32Array, y: Float32Array): boolean {
  return Buffer.from(x.buffer, x.byteOffset, x.byteLength).equals(
    Buffer.from(y.buffer, y.byteOffset, y.byteLength),
  );
}

function normals(length: number, key: NoiseKey): Float32Array {
  const out = new Float32Array(length);
  fillNormal(out, key);
  return out;
}

const fill = createFillNormal();

test("the kernel has the reference's bits for any key and length", (t) => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 300 }), (key, length) => {
      const out = new Float32Array(length);
      fill(out, key);
      return same(out, normals(length, key));
    }),
    { seed: 1, numRuns: 500 },
  );
  t.pass();
});

test("and where one call of the kernel does not reach", (t) => {
  // 8192 is the kernel's capacity.
  for (const length of [8191, 8192, 8193, 16384, 100_003]) {
    const key = { seed: 2n ** 64n - BigInt(length), sample: length, draw: 2 ** 32 - 1 };
    const out = new Float32Array(length);
    fill(out, key);
    t.true(same(out, normals(length, key)), `length ${length}`);
  }
});

test("a view over shared memory is filled, and nothing around it", (t) => {
  const key = { seed: 7n, sample: 1, draw: 2 };
  const shared = new Float32Array(new SharedArrayBuffer(4 * 100)).fill(9);
  fill(shared.subarray(10, 61), key);
  t.true(same(shared.slice(10, 61), normals(51, key)));
  t.true(shared.every((z, i) => (i >= 10 && i < 61) || z === 9));
});

test("two generators do not share memory, and none remembers", (t) => {
  const other = createFillNormal();
  const key = { seed: 1n, sample: 0, draw: 0 };
  const first = new Float32Array(33);
  const second = new Float32Array(33);
  fill(first, key);
  other(second, { ...key, draw: 1 });
  fill(second, key);
  t.true(same(first, second));
});

test("a key out of range is refused", (t) => {
  const out = new Float32Array(1);
  for (const key of [
    { seed: -1n, sample: 0, draw: 0 },
    { seed: 0n, sample: 2 ** 32, draw: 0 },
    { seed: 0n, sample: 0, draw: 1.5 },
  ]) {
    t.throws(() => fill(out, key), { instanceOf: RangeError });
  }
});
