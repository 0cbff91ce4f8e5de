import sharp from "sharp";

/** Picture files for tests: square PNGs out of their values, and back. */

export function pngOf(values: Uint8Array, size: number, channels: 1 | 3 = 3): Promise<Buffer> {
  const picture = sharp(values, { raw: { width: size, height: size, channels } });
  return (channels === 1 ? picture.toColourspace("b-w") : picture).png().toBuffer();
}

/** uint8[size, size, 3]. */
export async function valuesOf(file: Uint8Array): Promise<Uint8Array> {
  return Uint8Array.from(await sharp(file).raw().toBuffer());
}

/** The largest difference of two arrays; NaN where their lengths differ. */
export function mostApart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a).reduce(
    (most, value, e) => Math.max(most, Math.abs(value - (b[e] ?? Number.NaN))),
    0,
  );
}
