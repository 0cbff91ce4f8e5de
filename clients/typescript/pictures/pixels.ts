import sharp from "sharp";

/** A square picture's values, uint8[size, size, channels]. */
export interface Pixels {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly values: Uint8Array;
}

/** @param file a square picture, read as RGB */
export async function readPixels(file: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(file)
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { size: info.width, channels: 3, values: Uint8Array.from(data) };
}

export function toPng({ size, channels, values }: Pixels): Promise<Buffer> {
  const picture = sharp(values, { raw: { width: size, height: size, channels } });
  return (channels === 1 ? picture.toColourspace("b-w") : picture).png().toBuffer();
}

/** The largest difference of two arrays; NaN where their lengths differ. */
export function mostApart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a).reduce(
    (most, value, e) => Math.max(most, Math.abs(value - (b[e] ?? Number.NaN))),
    0,
  );
}
