import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";

/**
 * Values of a model's data range as bytes, channels last: 255 (x - low) / (high - low), rounded and clamped to
 * 0..255. Pure.
 *
 * @param pixels float32[channels, height, width]
 * @throws RangeError when their number is not channels * height * width
 */
export function toBytes(
  pixels: Float32Array,
  { channels, height, width }: ImageShape,
  [low, high]: readonly [low: number, high: number],
): Uint8Array<ArrayBuffer> {
  const area = height * width;
  if (pixels.length !== channels * area) {
    throw new RangeError(`${pixels.length} pixels, expected ${channels} * ${height} * ${width}`);
  }
  const scale = 255 / (high - low);
  const clamped = new Uint8ClampedArray(pixels.length); // rounds and clamps what is stored in it
  for (let channel = 0; channel < channels; channel++) {
    const plane = pixels.subarray(channel * area, (channel + 1) * area);
    plane.forEach((value, index) => {
      clamped[index * channels + channel] = (value - low) * scale;
    });
  }
  return new Uint8Array(clamped.buffer);
}
