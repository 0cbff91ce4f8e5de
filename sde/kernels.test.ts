import test from "ava";
import type { Instruction } from "./instruction.ts";
import { execute, type Noise, type Vector } from "./kernels.ts";
import { fillNormal, fillUniform, uniformNumber } from "./noise.ts";

const KEY = { seed: 4n, sample: 2 };

/** The noise of one trajectory, all of it in one buffer, as where it is served. */
function noiseOf(dims: number): Noise {
  const buffer = new Float32Array(dims);
  return {
    normals: (draw) => {
      fillNormal(buffer, { ...KEY, draw });
      return buffer;
    },
    uniforms: (draw) => {
      fillUniform(buffer, { ...KEY, draw });
      return buffer;
    },
    uniform: (draw) => uniformNumber({ ...KEY, draw }),
  };
}

/** Runs an instruction on registers, which it changes. Reads and writes of another register fail. */
function run(instruction: Instruction, ...vectors: Vector[]): number | undefined {
  const register = (r: number): Vector => {
    const vector = vectors[r];
    if (vector === undefined) throw new RangeError(`no register ${r}`);
    return vector;
  };
  return execute(
    instruction,
    { read: register, write: register },
    noiseOf(vectors[0]?.length ?? 0),
  );
}

function normals(dims: number, draw: number): Float32Array {
  return noiseOf(dims).normals(draw);
}

test("dequantize: out = offset + scale (x + u) with the draw's own uniforms, in place or not", (t) => {
  const dims = 1000;
  const levels = Float32Array.from({ length: dims }, (_, e) => e % 256);
  const u = noiseOf(dims).uniforms(7);
  const expected = levels.map((level, e) => -1 + (2 / 256) * (level + (u[e] ?? Number.NaN)));
  const out = new Float32Array(dims);
  const instruction = { op: "dequantize", x: 0, draw: 7, offset: -1, scale: 2 / 256 } as const;
  t.is(run({ ...instruction, out: 1 }, levels, out), undefined);
  t.deepEqual(out, expected);
  t.is(levels[255], 255);
  run({ ...instruction, out: 0 }, levels);
  t.deepEqual(levels, expected);
  run({ ...instruction, out: 1, x: 1, draw: 8 }, levels, out.fill(0));
  t.notDeepEqual(out, expected);
});

test("dequantize: a point is within its level's cell, at each level and of each range, and over it evenly", (t) => {
  const dims = 2 ** 16;
  for (const [low, high] of [
    [-1, 1],
    [0, 1],
  ] as const) {
    for (const level of [0, 127, 255]) {
      const x = new Float32Array(dims).fill(level);
      const scale = (high - low) / 256;
      run({ op: "dequantize", out: 0, x: 0, draw: level, offset: low, scale }, x);
      const shares = Float64Array.from(x, (value) => (value - low) / scale - level);
      // A point may round to the edge of its cell: float32 has 2^16 numbers in a cell of [1/2, 1] or more.
      t.true(shares.every((share) => share >= 0 && share <= 1));
      // The mean of uniforms errs by 1 / sqrt(12 n), their square's by sqrt(4 / 45 / n); four of each.
      const moment = (power: number): number =>
        shares.reduce((sum, share) => sum + share ** power, 0) / dims;
      t.true(Math.abs(moment(1) - 1 / 2) < 4 / Math.sqrt(12 * dims));
      t.true(Math.abs(moment(2) - 1 / 3) < 4 * Math.sqrt(4 / 45 / dims));
    }
  }
});

test("rademacher: the signs of the draw's normals, half of them each, one by one", (t) => {
  const dims = 2 ** 16;
  const v = new Float32Array(dims);
  t.is(run({ op: "rademacher", out: 0, draw: 3 }, v), undefined);
  t.deepEqual(
    v,
    normals(dims, 3).map((z) => Math.sign(z)),
  );
  // Means of n signs, or of products of independent signs, err by 1 / sqrt(n); four of those.
  const mean = (values: Float32Array): number => values.reduce((sum, one) => sum + one, 0) / dims;
  const allowed = 4 / Math.sqrt(dims);
  t.true(Math.abs(mean(v)) < allowed);
  for (const lag of [1, 2, 3, 4, 8, 12, 16]) {
    t.true(Math.abs(mean(v.map((sign, e) => sign * (v[(e + lag) % dims] ?? 0)))) < allowed);
  }
  const other = new Float32Array(dims);
  run({ op: "rademacher", out: 0, draw: 4 }, other);
  t.true(Math.abs(mean(v.map((sign, e) => sign * (other[e] ?? 0)))) < allowed);
});

test("rademacher: a normal of 0, of either sign, is 1 and not 0", (t) => {
  const v = new Float64Array(3);
  const noise = { ...noiseOf(3), normals: () => Float32Array.of(0, -0, -1e-30) };
  const register = (): Vector => v;
  execute({ op: "rademacher", out: 0, draw: 0 }, { read: register, write: register }, noise);
  t.deepEqual([...v], [1, 1, -1]);
});

test("basis: the unit vector, whatever the register held", (t) => {
  const v = Float32Array.of(5, Number.NaN, -2, 7);
  for (const element of [0, 3, 2]) {
    t.is(run({ op: "basis", out: 0, element }, v), undefined);
    t.deepEqual(
      [...v],
      [0, 1, 2, 3].map((e) => (e === element ? 1 : 0)),
    );
  }
});
