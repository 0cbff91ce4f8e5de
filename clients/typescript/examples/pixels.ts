import sharp from "sharp";

/** A square picture's values, uint8[size, size, channels]. */
export interface Pixels {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly values: Uint8Array;
}

/** @param file an encoded picture, read as RGB */
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

/** The mean of red, green and blue, which is what colorization keeps. */
export function grayOf({ size, values }: Pixels): Pixels {
  const gray = Uint8Array.from({ length: size * size }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = values.subarray(3 * i, 3 * i + 3);
    return Math.round((red + green + blue) / 3);
  });
  return { size, channels: 1, values: gray };
}

/** The mean of each block of factor x factor pixels, which is what super-resolution keeps. */
export function blockMeans({ size, channels, values }: Pixels, factor: number): Pixels {
  const small = size / factor;
  const means = Uint8Array.from({ length: small * small * channels }, (_, e) => {
    const channel = e % channels;
    const [x, y] = [Math.floor(e / channels) % small, Math.floor(e / channels / small)];
    let sum = 0;
    for (let i = 0; i < factor * factor; i++) {
      const pixel = (y * factor + Math.floor(i / factor)) * size + x * factor + (i % factor);
      sum += values[pixel * channels + channel] ?? 0;
    }
    return Math.round(sum / factor ** 2);
  });
  return { size: small, channels, values: means };
}

/** A picture with what is not known in middle gray. @param mask 255 where known, as masks.ts draws it */
export function knownPart({ size, channels, values }: Pixels, mask: Uint8Array): Pixels {
  const known = values.map((value, e) => (mask[Math.floor(e / channels)] === 255 ? value : 110));
  return { size, channels, values: known };
}

/** The largest difference of two pictures' values. @param mask counts only where it is 255, if it is given */
export function mostApart(a: Pixels, b: Pixels, mask?: Uint8Array): number {
  return a.values.reduce((most, value, e) => {
    if (mask !== undefined && mask[Math.floor(e / a.channels)] !== 255) return most;
    return Math.max(most, Math.abs(value - (b.values[e] ?? Number.NaN)));
  }, 0);
}
