/**
 * The Box-Muller transform in float32: one standard normal pair from two random 32-bit words.
 *
 * Every operation is one IEEE 754 float32 operation (add, multiply, divide, square root, conversion from
 * int32), rounded to nearest, and the order of operations is part of the definition: worker/wasm/noise.ts does
 * the same, four lanes at a time, and gets the same bits on every machine. (A float32 operation done in
 * float64 and rounded by Math.fround has the float32 result: 53 >= 2 * 24 + 2 bits, Figueroa 1995.)
 * No fused multiply-add, no Math.log, Math.sin or Math.cos, whose last bits differ between engines.
 */

const { fround } = Math;

/** Minimax coefficients, highest power first, each rounded to float32 before the next was fitted. */
const LOG: readonly number[] = [-0.5974138975143433, -0.7995517253875732, -1.333335518836975, -4];
const SIN: readonly number[] = [
  0.00015592922864016145, -0.00468310434371233, 0.0796959325671196, -0.6459650993347168,
  1.5707963705062866,
];
const COS: readonly number[] = [
  0.0008594066021032631, -0.0208134762942791, 0.253652960062027, -1.233698844909668, 1,
];

const TWO_LN_2 = fround(2 * Math.LN2);
/** The bits of sqrt(1/2): mantissas are taken from there to its double. */
const SQRT_HALF_BITS = 0x3f3504f3;

const float = new DataView(new ArrayBuffer(4));

/** Horner's rule. Its first sum, 0 w + c, is exact. */
function polynomial(w: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const c of coefficients) sum = fround(fround(sum * w) + c);
  return sum;
}

/**
 * -2 ln(v / 2^31) for a float32 v in [1/2, 2^31]; 0 at v = 2^31 and nowhere negative.
 * Largest relative error 2.1e-7.
 *
 * With v = 2^(31 - n) m and m in [sqrt(1/2), sqrt(2)): 2 n ln 2 - 4 artanh((m - 1) / (m + 1)).
 */
export function minusTwoLog(v: number): number {
  float.setFloat32(0, v);
  const offset = float.getInt32(0) - SQRT_HALF_BITS;
  const n = 31 - (offset >> 23);
  float.setInt32(0, (offset & 0x7fffff) + SQRT_HALF_BITS);
  const m = float.getFloat32(0);
  const s = fround(fround(m - 1) / fround(m + 1));
  const w = fround(s * s);
  return fround(fround(n * TWO_LN_2) + fround(s * polynomial(w, LOG)));
}

/** sin(pi x / 2) for a float32 x in [-1, 1]. Largest relative error 2.0e-7. */
export function sinQuarterTurns(x: number): number {
  return fround(x * polynomial(fround(x * x), SIN));
}

/** cos(pi x / 2) for a float32 x in [-1, 1]. Largest absolute error 1.7e-7. */
export function cosQuarterTurns(x: number): number {
  return polynomial(fround(x * x), COS);
}

/**
 * Two independent standard normal numbers from two independent uniform words (uint32):
 *
 *   u1 = (floor(a / 2) + 1/2) / 2^31 in (0, 1],  x = int32(b) / 2^31 in [-1, 1],
 *   r = +-sqrt(-2 ln u1), negative where a is odd,  (r cos(pi x / 2), r sin(pi x / 2)).
 *
 * x covers half a turn and the sign of r the other half. u1 >= 2^-32, so |z| <= sqrt(64 ln 2) = 6.661;
 * a true normal is beyond that with probability 2.7e-11.
 *
 * @see Box and Muller 1958, A note on the generation of random normal deviates.
 */
export function boxMuller(a: number, b: number): readonly [number, number] {
  const radius = fround(Math.sqrt(minusTwoLog(fround(fround(a >>> 1) + 0.5))));
  const signed = (a & 1) === 1 ? -radius : radius;
  const x = fround(fround(b | 0) * 2 ** -31);
  return [fround(signed * cosQuarterTurns(x)), fround(signed * sinQuarterTurns(x))];
}
