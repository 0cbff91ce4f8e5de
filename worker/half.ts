import { float16OfNumber, float32OfFloat16 } from "../onnx/float16.ts";

/** Bits of a float32 beside its exponent and its sign that a half has no room for. */
const DROPPED = 13;
const HALFWAY = 1 << (DROPPED - 1);
/** Exponents of a float32, as stored, that are a normal half's. */
const [LEAST_EXPONENT, MOST_EXPONENT] = [113, 142];

/** What each pattern of 16 bits means; made when it is first needed. */
let meanings: Float32Array | undefined;

/**
 * Halves (IEEE 754 float16) of float32 numbers: to[i] is the bits of the half nearest to from[i], ties to even.
 *
 * @param to uint16, as long as `from`
 */
export function toHalves(from: Float32Array, to: Uint16Array): void {
  const bits = new Uint32Array(from.buffer, from.byteOffset, from.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const exponent = (word >>> 23) & 0xff;
    if (exponent < LEAST_EXPONENT || exponent > MOST_EXPONENT) {
      to[i] = float16OfNumber(from[i]!);
      continue;
    }
    const kept = ((word & 0x7fffffff) - ((LEAST_EXPONENT - 1) << 23)) >>> DROPPED;
    const rest = word & (2 * HALFWAY - 1);
    // A sum that carries into the exponent is the next power of two, or infinity.
    const up = rest > HALFWAY || (rest === HALFWAY && (kept & 1) === 1) ? 1 : 0;
    to[i] = ((word >>> 16) & 0x8000) | (kept + up);
  }
}

/** Float32 numbers of halves: exact. @param to float32, as long as `from` */
export function fromHalves(from: Uint16Array, to: Float32Array): void {
  meanings ??= Float32Array.from({ length: 0x10000 }, (_, half) => float32OfFloat16(half));
  for (let i = 0; i < from.length; i++) to[i] = meanings[from[i]!]!;
}
