/**
 * The noise kernel, in AssemblyScript with SIMD: sde/noise.ts and sde/box-muller.ts operation for operation,
 * a counter block in each of four lanes. Those files say what is computed and why; this one only how fast.
 * No imports, no allocation: the results lie at `output`, and the caller copies them. No @inline decorators:
 * they gain a tenth, and neither the formatter nor an editor reads a decorator on a function.
 */

/** Groups of 16 normal numbers that one call may ask for: 32 KiB, which a first-level cache holds. */
export const CAPACITY: i32 = 512;
const ROUNDS: i32 = 10;

/** Where `fill` writes. */
export const output: usize = memory.data(CAPACITY * 64, 16);
/** The key of each round, both words splatted. */
const roundKeys: usize = memory.data(ROUNDS * 32, 16);

/** The high words of four 64-bit products. */
function high(low2: v128, high2: v128): v128 {
  return v128.shuffle<i32>(low2, high2, 1, 3, 5, 7);
}
/** The low words of four 64-bit products. */
function low(low2: v128, high2: v128): v128 {
  return v128.shuffle<i32>(low2, high2, 0, 2, 4, 6);
}

/** A step of Horner's rule. */
function step(sum: v128, w: v128, c: f32): v128 {
  return f32x4.add(f32x4.mul(sum, w), f32x4.splat(c));
}

/** -2 ln(v / 2^31). */
function minusTwoLog(v: v128): v128 {
  const offset = i32x4.sub(v, i32x4.splat(0x3f3504f3));
  const n = i32x4.sub(i32x4.splat(31), i32x4.shr_s(offset, 23));
  const m = i32x4.add(v128.and(offset, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
  const s = f32x4.div(f32x4.sub(m, f32x4.splat(1)), f32x4.add(m, f32x4.splat(1)));
  const w = f32x4.mul(s, s);
  let sum = step(f32x4.splat(-0.5974138975143433), w, -0.7995517253875732);
  sum = step(sum, w, -1.333335518836975);
  sum = step(sum, w, -4);
  const wholes = f32x4.mul(f32x4.convert_i32x4_s(n), f32x4.splat(1.3862943649291992));
  return f32x4.add(wholes, f32x4.mul(s, sum));
}

/** Four pairs of normal numbers from four pairs of words, to `out` and the vector behind it. */
function boxMuller(out: usize, a: v128, b: v128): void {
  const v = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_u(a, 1)), f32x4.splat(0.5));
  const radius = v128.xor(f32x4.sqrt(minusTwoLog(v)), i32x4.shl(a, 31));
  const x = f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.splat(4.656612873077393e-10));
  const w = f32x4.mul(x, x);
  let cos = step(f32x4.splat(0.0008594066021032631), w, -0.0208134762942791);
  cos = step(cos, w, 0.253652960062027);
  cos = step(cos, w, -1.233698844909668);
  cos = step(cos, w, 1);
  let sin = step(f32x4.splat(0.00015592922864016145), w, -0.00468310434371233);
  sin = step(sin, w, 0.0796959325671196);
  sin = step(sin, w, -0.6459650993347168);
  sin = step(sin, w, 1.5707963705062866);
  v128.store(out, f32x4.mul(radius, cos));
  v128.store(out, f32x4.mul(radius, f32x4.mul(x, sin)), 16);
}

/** Philox's ten keys. */
function expandKey(seedLow: i32, seedHigh: i32): void {
  for (let round = 0; round < ROUNDS; round++) {
    const at = roundKeys + ((<usize>round) << 5);
    v128.store(at, i32x4.splat(seedLow + round * 0x9e3779b9));
    v128.store(at, i32x4.splat(seedHigh + round * 0xbb67ae85), 16);
  }
}

/**
 * Writes `groups` groups of 16 normal numbers to `output`, from counter block 4 * firstGroup on.
 * groups <= CAPACITY, which the caller sees to.
 */
export function fill(
  groups: i32,
  firstGroup: i32,
  seedLow: i32,
  seedHigh: i32,
  sample: i32,
  draw: i32,
): void {
  expandKey(seedLow, seedHigh);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  let blocks = i32x4.add(i32x4.splat(4 * firstGroup), i32x4(0, 1, 2, 3));
  const end = output + ((<usize>groups) << 6);
  for (let out = output; out < end; out += 64) {
    let c0 = blocks;
    let c1 = i32x4.splat(draw);
    let c2 = i32x4.splat(sample);
    let c3 = i32x4.splat(0);
    for (let key = roundKeys; key < roundKeys + ROUNDS * 32; key += 32) {
      const low0 = i64x2.extmul_low_i32x4_u(c0, m0);
      const high0 = i64x2.extmul_high_i32x4_u(c0, m0);
      const low1 = i64x2.extmul_low_i32x4_u(c2, m1);
      const high1 = i64x2.extmul_high_i32x4_u(c2, m1);
      c0 = v128.xor(v128.xor(high(low1, high1), c1), v128.load(key));
      c1 = low(low1, high1);
      c2 = v128.xor(v128.xor(high(low0, high0), c3), v128.load(key, 16));
      c3 = low(low0, high0);
    }
    boxMuller(out, c0, c1);
    boxMuller(out + 32, c2, c3);
    blocks = i32x4.add(blocks, i32x4.splat(4));
  }
}
