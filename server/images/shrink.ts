import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";

/** The factor that brings a picture's height and width to at most `maxSize` pixels: a whole number, 1 where they are. */
export function shrinkFactor({ height, width }: ImageShape, maxSize: number): number {
  return Math.max(1, Math.ceil(Math.max(height, width) / maxSize));
}

/** The shape of a picture that was shrunk by a factor. */
export function shrunkShape({ channels, height, width }: ImageShape, factor: number): ImageShape {
  return { channels, height: Math.ceil(height / factor), width: Math.ceil(width / factor) };
}

/**
 * The means over squares of factor x factor pixels, of what there is of them at the lower and the right edge. Linear, so
 * it may come before values become bytes: noise averages out instead of being clamped. Pure; one pass over the pixels.
 *
 * @param pixels float32[channels, height, width]
 * @param factor a whole number, at least 1
 * @returns float32 of `shrunkShape`, in memory of its own
 */
export function shrink(pixels: Float32Array, shape: ImageShape, factor: number): Float32Array {
  if (factor === 1) return pixels.slice();
  const { channels, height, width } = shape;
  const small = shrunkShape(shape, factor);
  const means = new Float32Array(channels * small.height * small.width);
  const sums = new Float64Array(small.width);
  for (let out = 0; out < channels * small.height; out++) {
    const channel = Math.floor(out / small.height);
    const top = (out % small.height) * factor;
    const rows = Math.min(factor, height - top);
    sums.fill(0);
    for (let y = top; y < top + rows; y++) {
      addRow(sums, pixels, (channel * height + y) * width, width, factor);
    }
    for (let column = 0; column < small.width; column++) {
      const columns = Math.min(factor, width - column * factor);
      means[out * small.width + column] = sums[column]! / (rows * columns);
    }
  }
  return means;
}

/** Adds each `factor` neighbours of a row of pixels to a sum. */
function addRow(
  sums: Float64Array,
  pixels: Float32Array,
  from: number,
  width: number,
  factor: number,
): void {
  for (let column = 0, x = 0; x < width; column++) {
    const end = Math.min(x + factor, width);
    let sum = 0;
    for (; x < end; x++) sum += pixels[from + x]!;
    sums[column]! += sum;
  }
}
