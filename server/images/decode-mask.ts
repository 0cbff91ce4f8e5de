import sharp from "sharp";
import { wrongInput } from "../requests/seen.ts";
import { type PictureHeader, readHeader } from "./picture-header.ts";
import { checkSize, type Resize, readPixels, type Size } from "./read-pixels.ts";

/** From here on a value is white, and known. */
const WHITE = 128;
const OPAQUE = 255;

/** The size that a mask is to be. */
export interface WantedMask extends Size {
  readonly resize?: Resize | undefined;
}

/**
 * A mask file as uint8[height, width]: 1 where a pixel is known (white, values from 128 on), 0 where it is to be
 * filled.
 *
 * Of an RGB file all three channels must say the same. **Alpha**: where it is opaque everywhere it says nothing. Else
 * it is the mask, opaque being known, and what can be seen of the colour must be one and the same everywhere: a file
 * whose colour and alpha both vary could mean either. A mask is resized after this, to the nearest pixel, so that it
 * stays black and white; "contain" leaves the bars unknown.
 *
 * @param field path in the request, for errors
 * @throws ServerError "invalid-argument", as `decodePicture`
 */
export async function decodeMask(
  file: Uint8Array,
  { height, width, resize }: WantedMask,
  field: string,
): Promise<Uint8Array> {
  const header = await readHeader(file, field);
  checkSize(header, { height, width }, resize, field);
  const bytes = await readPixels(file, header, field);
  const mask = maskOf(bytes, header, field);
  if (resize === undefined || (header.width === width && header.height === height)) return mask;
  return await resized(mask, header, { height, width, fit: resize });
}

function maskOf(bytes: Uint8Array, header: PictureHeader, field: string): Uint8Array {
  const { alpha, width, height } = header;
  const channels = alpha ? 3 : header.channels;
  const step = alpha ? 4 : channels;
  const mask = new Uint8Array(width * height);
  if (alpha && !isOpaque(bytes, step)) {
    checkOneColour(bytes, step, field);
    return mask.map((_, pixel) => known(bytes[(pixel + 1) * step - 1]));
  }
  return mask.map((_, pixel) => {
    const value = known(bytes[pixel * step]);
    for (let channel = 1; channel < channels; channel++) {
      if (known(bytes[pixel * step + channel]) !== value) {
        const colour = bytes.subarray(pixel * step, pixel * step + channels).join(", ");
        const place = `row ${Math.floor(pixel / width)}, column ${pixel % width}`;
        throw wrongInput(field, `a colour, (${colour}) at ${place}`, "black and white");
      }
    }
    return value;
  });
}

function known(value = 0): 0 | 1 {
  return value >= WHITE ? 1 : 0;
}

function isOpaque(bytes: Uint8Array, step: number): boolean {
  for (let at = step - 1; at < bytes.length; at += step) {
    if (bytes[at] !== OPAQUE) return false;
  }
  return true;
}

/** The colour of a pixel that is wholly transparent can't be seen, and encoders change it as they like. */
function checkOneColour(bytes: Uint8Array, step: number, field: string): void {
  let first: number | undefined;
  for (let at = 0; at < bytes.length; at += step) {
    if (bytes[at + step - 1] === 0) continue;
    first ??= at;
    for (let channel = 0; channel < step - 1; channel++) {
      if (bytes[at + channel] !== bytes[first + channel]) {
        const expected = "one of them the mask: no transparency, or one colour";
        throw wrongInput(field, "a mask whose colour and transparency both vary", expected);
      }
    }
  }
}

async function resized(
  mask: Uint8Array,
  { width, height }: PictureHeader,
  to: Size & { readonly fit: Resize },
): Promise<Uint8Array> {
  const data = await sharp(mask, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .resize({ ...to, position: "centre", background: "black", kernel: "nearest" })
    .raw()
    .toBuffer();
  return new Uint8Array(data);
}
