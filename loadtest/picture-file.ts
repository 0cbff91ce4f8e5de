import sharp from "sharp";

/** Pictures of color-digits: 32 x 32, three channels. */
const SIDE = 32;
const CHANNELS = 3;
const PIXELS = SIDE * SIDE;

/** Levels 0 to 255, channels last, of a picture file. @throws Error where it is not 32 x 32 */
export async function readLevels(path: string): Promise<Uint8Array> {
  const { data, info } = await sharp(path).removeAlpha().toColourspace("srgb").raw().toBuffer({
    resolveWithObject: true,
  });
  if (info.width !== SIDE || info.height !== SIDE || info.channels !== CHANNELS) {
    throw new Error(`${path}: expected ${SIDE} x ${SIDE} RGB`);
  }
  return data;
}

/** A PNG. @param levels uint8[32, 32, 3] */
export function writePng(levels: Uint8Array): Promise<Buffer> {
  return sharp(levels, { raw: { width: SIDE, height: SIDE, channels: CHANNELS } })
    .png()
    .toBuffer();
}

/** float32[3, 32, 32] in [-1, 1] of levels, channels last. */
export function floatsOf(levels: Uint8Array): Float32Array {
  return Float32Array.from(
    { length: levels.length },
    (_, e) => (levels[(e % PIXELS) * CHANNELS + Math.floor(e / PIXELS)] ?? 0) / 127.5 - 1,
  );
}

/** The inverse of `floatsOf`, rounded and clipped. */
export function levelsOf(pixels: Float32Array): Uint8Array {
  return Uint8Array.from({ length: pixels.length }, (_, e) => {
    const value = pixels[(e % CHANNELS) * PIXELS + Math.floor(e / CHANNELS)] ?? 0;
    return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
  });
}
