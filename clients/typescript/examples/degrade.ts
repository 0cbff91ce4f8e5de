import type { Pixels } from "../pictures/pixels.ts";

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
