import test from "ava";
import fc from "fast-check";
import type { Instruction } from "../instruction.ts";
import { execute, type Noise, type RegisterAccess } from "../kernels.ts";
import { superResolution } from "./measurements.ts";
import { elementsOf, type Shape } from "./shape.ts";
import { numbers } from "./testing.ts";
import { TRANSFORMS, type TransformName } from "./transform.ts";

const NAMES = Object.keys(TRANSFORMS) as TransformName[];
const shape: Shape = { channels: 3, height: 8, width: 16 };
const dims = elementsOf(shape);
const [X, KNOWN, MASK, SCRATCH] = [0, 1, 2, 3];

/** Registers as a worker has them: until one is written, reading and writing are different memory. */
class DoubleBuffered implements RegisterAccess {
  readonly #front: Float32Array[];
  readonly #back: Float32Array[];
  readonly #written = new Set<number>();

  constructor(vectors: readonly Float32Array[]) {
    this.#front = vectors.map((vector) => vector.slice());
    this.#back = vectors.map((vector) => new Float32Array(vector.length).fill(Number.NaN));
  }

  read(register: number): Float32Array {
    return (this.#written.has(register) ? this.#back : this.#front)[register]!;
  }

  write(register: number): Float32Array {
    this.#written.add(register);
    return this.#back[register]!;
  }
}

const z = numbers(77, dims).map((value) => 4 * value - 2);
const noise: Noise = { normals: () => z, uniforms: () => z, uniform: () => 0.5 };

function run(instruction: Instruction, vectors: readonly Float32Array[]): Float32Array {
  const registers = new DoubleBuffered([...vectors, new Float32Array(dims)]);
  execute(instruction, registers, noise);
  for (const data of [KNOWN, MASK]) {
    if (registers.read(data).some((value, e) => value !== vectors[data]![e])) {
      throw new Error("a condition's data have changed");
    }
  }
  return registers.read(X);
}

const random = (seed: number): Float32Array => numbers(seed, dims).map((value) => 6 * value - 3);
const randomMask = (seed: number, share: number): Float32Array =>
  numbers(seed, dims).map((value) => (value < share ? 1 : 0));

for (const transform of NAMES) {
  test(`impute, ${transform}: known coordinates become mean y + std z, the others stay`, (t) => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
        const [x, known, mask] = [random(seed), random(seed + 1), randomMask(seed + 2, share)];
        const impute = { op: "impute", out: X, x: X, known: KNOWN, mask: MASK } as const;
        const seen = run(
          {
            ...{ ...impute, scratch: SCRATCH, transform, shape, mean: 0.5 },
            noise: { draw: 3, scale: 0.25 },
          },
          [x, known, mask],
        );
        const [before, after] = [Float64Array.from(x), Float64Array.from(seen)];
        TRANSFORMS[transform].forward(before, shape);
        TRANSFORMS[transform].forward(after, shape);
        for (let e = 0; e < dims; e++) {
          const truth = mask[e] === 1 ? 0.5 * known[e]! + 0.25 * z[e]! : before[e]!;
          // Coordinates of up to 24 (8 times 3), some ten roundings of 2^-24 relative to those.
          t.true(Math.abs(after[e]! - truth) < 2e-5);
        }
      }),
      { numRuns: 10 },
    );
  });

  test(`impute, ${transform}: with nothing known x stays to the last bit`, (t) => {
    const x = random(8);
    const impute = { op: "impute", out: X, x: X, known: KNOWN, mask: MASK } as const;
    const seen = run({ ...impute, scratch: SCRATCH, transform, shape, mean: 0.5 }, [
      x,
      random(9),
      new Float32Array(dims),
    ]);
    t.deepEqual(seen, x);
  });
}

test("impute, identity: known elements are the known values to the last bit, the others stay", (t) => {
  const [x, mask] = [random(1), randomMask(2, 0.5)];
  // Also values beside which x is huge, so that no correction of x could hit them.
  const known = random(3).map((value, e) => (e % 3 === 0 ? value * 1e-30 : value));
  const impute = { op: "impute", out: X, x: X, known: KNOWN, mask: MASK } as const;
  const seen = run({ ...impute, scratch: SCRATCH, transform: "identity", shape, mean: 1 }, [
    x,
    known,
    mask,
  ]);
  t.deepEqual(
    seen,
    x.map((value, e) => (mask[e] === 1 ? known[e]! : value)),
  );
});

for (const [transform, low] of [
  ["color", undefined],
  ["blocks-2", 2],
  ["blocks-8", 8],
] as const) {
  test(`fit-range, ${transform}: each group is projected onto its mean within the range`, (t) => {
    const { starts, offsets } = TRANSFORMS[transform].groups(shape);
    const n = offsets.length;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        // Means over the range's whole width, its ends among them.
        const means = numbers(seed, starts.length).map((value) => {
          return Math.min(1, Math.max(-1, 2.4 * value - 1.2));
        });
        const x = random(seed + 1).map((value) => 0.6 * value);
        const known = new Float32Array(dims);
        const mask = new Float32Array(dims);
        for (const [i, start] of starts.entries()) {
          known[start] = Math.sqrt(n) * means[i]!;
          mask[start] = i % 5 === 0 ? 0 : 1;
        }
        const fit = { op: "fit-range", out: X, x: X, known: KNOWN, mask: MASK } as const;
        const seen = run({ ...fit, transform, shape, low: -1, high: 1 }, [x, known, mask]);
        for (const [i, start] of starts.entries()) {
          const before = Array.from(offsets, (offset) => x[start + offset]!);
          const after = Array.from(offsets, (offset) => seen[start + offset]!);
          const within = before.every((value) => Math.abs(value) <= 1);
          if (mask[start] === 0 || within) {
            t.deepEqual(after, before);
            continue;
          }
          t.true(after.every((value) => value >= -1 && value <= 1));
          const mean = after.reduce((sum, value) => sum + value, 0) / n;
          t.true(Math.abs(mean - means[i]!) < 1e-6);
          // The nearest point p of a convex set has (w - p) . (v - p) <= 0 for every w of the set; its corners, and
          // so all of it, are reached from p by moving weight from one element to another.
          for (let a = 0; a < n; a++) {
            const b = (a + 1 + (Math.abs(seed) % (n - 1))) % n;
            const room = Math.min(1 - after[a]!, after[b]! + 1);
            const gain = room * (before[a]! - after[a]! - (before[b]! - after[b]!));
            t.true(gain < 1e-5, `${gain}`);
          }
        }
      }),
      { numRuns: 10 },
    );
    t.is(low === undefined ? 3 : low * low, n);
  });
}

test("fit-range: a mean that lies outside the range becomes its nearer end", (t) => {
  const one: Shape = { channels: 1, height: 2, width: 2 };
  const { known, mask } = superResolution([1.5], 2, one);
  const fit = { op: "fit-range", out: X, x: X, known: KNOWN, mask: MASK } as const;
  const registers = new DoubleBuffered([Float32Array.of(1, 1.5, 2, 1.5), known, mask]);
  execute({ ...fit, transform: "blocks-2", shape: one, low: 0, high: 1 }, registers, noise);
  t.deepEqual([...registers.read(X)], [1, 1, 1, 1]);
});
