/**
 * Noise as a counter: the bits of a normal number depend on (seed, sample, draw, element) and on nothing else,
 * so that batch, worker, order and retry can't change them. This file is the specification; the kernel that
 * serves, worker/wasm/noise.ts, is tested to give the same bits.
 */
import { boxMuller } from "./box-muller.ts";

/** Which noise: each combination gives its own independent stream of elements. */
export interface NoiseKey {
  /** uint64. */
  readonly seed: bigint;
  /** uint32; the trajectory of the job. */
  readonly sample: number;
  /** uint32; counts the draws of the trajectory. */
  readonly draw: number;
}

/**
 * Fills `out` with independent N(0, 1) numbers. Pure in `key`: the same values whatever the length, so that a
 * shorter `out` gets the leading ones. At most 2^34 elements.
 *
 * @throws RangeError unless the key's numbers are in range.
 */
export type FillNormal = (out: Float32Array, key: NoiseKey) => void;

export type Uint32x4 = readonly [number, number, number, number];

/** The last word of the counter. */
const NORMALS = 0;
const UNIFORMS = 1;

const UINT32_END = 2 ** 32;
const UINT64_END = 1n << 64n;

/** @throws RangeError unless seed is a uint64, sample and draw are uint32. */
export function checkNoiseKey({ seed, sample, draw }: NoiseKey): void {
  if (seed < 0n || seed >= UINT64_END) {
    throw new RangeError(`seed must be in [0, 2^64); seen ${seed}`);
  }
  for (const [name, value] of [
    ["sample", sample],
    ["draw", draw],
  ] as const) {
    if (!(Number.isInteger(value) && value >= 0 && value < UINT32_END)) {
      throw new RangeError(`${name} must be an integer in [0, 2^32); seen ${value}`);
    }
  }
}

/** The high word of a * b, both uint32, from products below 2^49, which float64 holds exactly. */
function multiplyHigh(a: number, b: number): number {
  const carry = (((a & 0xffff) * b) / 0x10000) >>> 0;
  return (((a >>> 16) * b + carry) / 0x10000) >>> 0;
}

/**
 * Philox4x32-10: a bijection of the counter for each key, ten rounds. All words are uint32.
 *
 * @see Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3; section 3.3.
 */
export function philox(counter: Uint32x4, key: readonly [number, number]): Uint32x4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(c0, 0xd2511f53);
    const high1 = multiplyHigh(c2, 0xcd9e8d57);
    const low0 = Math.imul(c0, 0xd2511f53) >>> 0;
    const low1 = Math.imul(c2, 0xcd9e8d57) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * The reference of FillNormal. Philox is keyed by (seed's low word, seed's high word); counter block
 * (block, draw, sample, 0) gives four words, Box-Muller makes them four normal numbers, word for number:
 * words 0 and 1 become (cos, sin) of one pair, words 2 and 3 of another.
 *
 * Element 16 g + 4 w + j is number w of block 4 g + j: four blocks side by side fill 16 elements, so that with
 * a block a lane each vector of four lanes is stored as it is, with no shuffle.
 */
export const fillNormal: FillNormal = (out, key) => {
  checkNoiseKey(key);
  const words = [Number(key.seed & 0xffffffffn), Number(key.seed >> 32n)] as const;
  for (let group = 0; 16 * group < out.length; group++) {
    for (let lane = 0; lane < 4; lane++) {
      const [a0, b0, a1, b1] = philox([4 * group + lane, key.draw, key.sample, NORMALS], words);
      const e = 16 * group + lane;
      // A typed array ignores a write beyond its end: the last group may be cut short.
      [out[e], out[e + 4]] = boxMuller(a0, b0);
      [out[e + 8], out[e + 12]] = boxMuller(a1, b1);
    }
  }
};

/**
 * Fills `out` with independent numbers uniform in (0, 1), the middles of 2^23 equal cells: element 4 b + w is word w of
 * block b of the uniforms' stream. Pure in `key`, as FillNormal is.
 *
 * @throws RangeError unless the key's numbers are in range.
 */
export function fillUniform(out: Float32Array, key: NoiseKey): void {
  checkNoiseKey(key);
  const words = [Number(key.seed & 0xffffffffn), Number(key.seed >> 32n)] as const;
  for (let block = 0; 4 * block < out.length; block++) {
    const four = philox([block, key.draw, key.sample, UNIFORMS], words);
    for (const [w, word] of four.entries()) out[4 * block + w] = ((word >>> 9) + 0.5) / 2 ** 23;
  }
}

/**
 * One number, uniform in (0, 1), of the stream that `key` names: the middle of one of 2^52 equal cells, so that
 * neither 0 nor 1 comes out. Independent of the normals of the same key.
 *
 * @throws RangeError unless the key's numbers are in range.
 */
export function uniformNumber(key: NoiseKey): number {
  checkNoiseKey(key);
  const words = [Number(key.seed & 0xffffffffn), Number(key.seed >> 32n)] as const;
  const [high, low] = philox([0, key.draw, key.sample, UNIFORMS], words);
  return (high * 2 ** 20 + (low >>> 12) + 0.5) / 2 ** 52;
}
