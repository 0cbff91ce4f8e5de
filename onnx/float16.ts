/** The number that the 16 bits of an IEEE 754 half mean. Exact. */
export function float32OfFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits of the half nearest to a number, ties to even; beyond 65504 by half a step: infinity. */
export function float16OfNumber(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // Below 2^-14 the step stays that of 2^-14, which is also how subnormals are written: the sum carries by itself.
  const steps = roundToEven(size / 2 ** (exponent - 10));
  return sign | (steps + (size < 2 ** -14 ? 0 : (exponent + 14) * 1024));
}

function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest === 0.5) return low + (low % 2);
  return rest < 0.5 ? low : low + 1;
}

/** The number that the 16 bits of a bfloat16 mean: the upper half of a float32's. Exact. */
export function float32OfBfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** The 16 bits of the bfloat16 nearest to a number in float32, ties to even. */
export function bfloat16OfNumber(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return roundToEven(view.getUint32(0) / 0x10000);
}
