import sharp from "sharp";
import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { checkName } from "../requests/checks.ts";
import { wrongInput } from "../requests/seen.ts";
import { Gate } from "./gate.ts";
import { MAX_PIXELS, OPEN, type PictureHeader, undecodable } from "./picture-header.ts";

/** How a picture of another size is made the model's. */
export const RESIZES = [
  "cover", // scaled until it covers, and its middle cut out
  "contain", // scaled until it fits, on black
  "fill", // stretched
] as const;

export type Resize = (typeof RESIZES)[number];

/** The size that pixels are wanted in. */
export type Size = Pick<ImageShape, "height" | "width">;

/**
 * Pictures decoded at once. Each takes a thread of libuv's four, which previews and results are encoded on, and up to
 * 4 * MAX_PIXELS bytes.
 */
const DECODES_AT_ONCE = 2;

const gate = new Gate(DECODES_AT_ONCE);

/** A request's `resize`; undefined: another size is refused. @throws ServerError "invalid-argument" */
export function checkResize(field: string, seen: string): Resize | undefined {
  return seen === "" ? undefined : checkName(field, seen, RESIZES);
}

/** @throws ServerError "invalid-argument" unless the sizes agree or the picture is to be resized */
export function checkSize(
  header: PictureHeader,
  { width, height }: Size,
  resize: Resize | undefined,
  field: string,
): void {
  if (resize !== undefined || (header.width === width && header.height === height)) return;
  const names = RESIZES.map((name) => `"${name}"`).join(", ");
  throw wrongInput(
    field,
    `${header.width} x ${header.height} pixels (width x height)`,
    `${width} x ${height}, or a resize out of ${names}`,
  );
}

/**
 * A picture's values, 0 to 255, channels last: gray, RGB, or RGBA of whatever has alpha; EXIF's orientation applied.
 * Runs on libuv's pool, a few at once.
 *
 * @param size what to resize to; undefined: as it is
 * @throws ServerError "invalid-argument" when the file can't be decoded to its end
 */
export function readPixels(
  file: Uint8Array,
  { kind, channels, alpha }: PictureHeader,
  field: string,
  size?: Size & { readonly fit: Resize },
): Promise<Uint8Array> {
  return gate.run(async () => {
    const picture = sharp(file, { ...OPEN, limitInputPixels: MAX_PIXELS });
    // sharp makes colours of one channel unless it is told not to, and then drops its alpha.
    if (channels === 1 && !alpha) picture.toColourspace("b-w");
    if (size !== undefined) {
      picture.resize({ ...size, position: "centre", background: "black" });
    }
    try {
      const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
      const wanted = alpha ? 4 : channels;
      if (info.channels === wanted) return data;
      throw new Error(`${info.channels} channels where the header promises ${wanted}`);
    } catch (error) {
      throw undecodable(kind, field, error);
    }
  });
}
