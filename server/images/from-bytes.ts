import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";

/** A picture as a model takes it. */
export interface Picture {
  /** float32[channels, height, width] in the model's data range. */
  readonly pixels: Float32Array;
  /** uint8[channels, height, width]: the values that the pixels stand for, 0 to 255. */
  readonly levels: Uint8Array;
}

/**
 * Bytes, channels last, as a picture, channels first: low + (high - low) byte / 255, the inverse of `toBytes`. Pure.
 *
 * @throws RangeError when their number is not channels * height * width
 */
export function fromBytes(
  bytes: Uint8Array,
  { channels, height, width }: ImageShape,
  [low, high]: readonly [low: number, high: number],
): Picture {
  const area = height * width;
  if (bytes.length !== channels * area) {
    throw new RangeError(`${bytes.length} bytes, expected ${channels} * ${height} * ${width}`);
  }
  const levels = new Uint8Array(bytes.length);
  const pixels = new Float32Array(bytes.length);
  const scale = (high - low) / 255;
  bytes.forEach((byte, index) => {
    const channel = index % channels;
    const place = channel * area + (index - channel) / channels;
    levels[place] = byte;
    pixels[place] = low + scale * byte;
  });
  return { pixels, levels };
}
