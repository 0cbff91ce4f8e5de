/** Data whose elements are the levels 0 .. 2^bits - 1, spread over [low, high]: level k is the cell of width (high - low) / 2^bits at low + k of them. */
export interface Quantization {
  readonly low: number;
  readonly high: number;
  /** Integer, 1 to 16. */
  readonly bits: number;
}

/** @throws RangeError unless low < high and bits is an integer from 1 to 16 */
export function checkQuantization({ low, high, bits }: Quantization): void {
  if (!(low < high && Number.isFinite(high - low))) {
    throw new RangeError(`quantised data needs low < high; seen ${low} and ${high}`);
  }
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 16)) {
    throw new RangeError(`bits must be an integer from 1 to 16; seen ${bits}`);
  }
}

/** The width of a level's cell. */
export function cellWidth({ low, high, bits }: Quantization): number {
  return (high - low) / 2 ** bits;
}

/**
 * Bits per dimension of quantised data: -log2 of the probability of the cell, by its density times its volume, over D.
 * That is -log p / (D ln 2) + offset, offset = bits - log2(high - low): 7 for eight bits over [-1, 1], 8 over [0, 1].
 *
 * @param logDensity log p(x) in nats, x in [low, high]^D
 * @param dims D
 * @throws RangeError as checkQuantization does
 * @see Theis, van den Oord and Bethge 2016, section 3.1; Song et al. 2021, section 4.3.
 */
export function bitsPerDim(logDensity: number, dims: number, quantization: Quantization): number {
  checkQuantization(quantization);
  return -logDensity / (dims * Math.LN2) - Math.log2(cellWidth(quantization));
}
