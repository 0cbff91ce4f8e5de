import sharp, { type Metadata, type SharpOptions } from "sharp";
import { wrongInput } from "../requests/seen.ts";
import { fileExtent } from "./file-extent.ts";
import { fileKind, isPictureKind, type PictureKind } from "./file-kind.ts";

/** What a picture file says of itself, checked: 8 bits, one picture, gray or RGB, not too many pixels. */
export interface PictureHeader {
  readonly kind: PictureKind;
  /** Of the picture as it is to be seen: EXIF's orientation applied. */
  readonly width: number;
  readonly height: number;
  /** Of colour: gray or RGB. */
  readonly channels: 1 | 3;
  readonly alpha: boolean;
}

/** Pixels of a picture that is to be resized: as many as the largest model may have, 4096 x 4096. */
export const MAX_PIXELS: number = 2 ** 24;

/**
 * How files are opened. Colour profiles are not applied: pixels are what the file stores, as in the pictures that
 * models are trained on.
 */
export const OPEN: SharpOptions = { failOn: "warning", ignoreIcc: true, autoOrient: true };

const READ = "PNG, JPEG or WebP data";

/**
 * Reads a picture file's header and checks what it says. Decodes no pixels and allocates none.
 *
 * @param field path in the request, for errors
 * @throws ServerError "invalid-argument": no such file, cut off, more behind it, animated, 16 bits, CMYK, too large
 */
export async function readHeader(file: Uint8Array, field: string): Promise<PictureHeader> {
  const kind = checkFile(file, field);
  const metadata = await readMetadata(file, kind, field);
  const { width, height } = metadata.autoOrient;
  if (width * height > MAX_PIXELS) {
    throw wrongInput(field, `${width} x ${height} pixels`, `at most ${MAX_PIXELS} in all`);
  }
  if ((metadata.pages ?? 1) > 1) throw animated(kind, field);
  if (metadata.depth !== "uchar") {
    throw wrongInput(field, `a ${kind} of more than 8 bits a value`, "8 bits a value");
  }
  if (metadata.space === "cmyk") {
    throw wrongInput(field, `a CMYK ${kind}`, "one in gray or RGB");
  }
  const channels = metadata.channels - (metadata.hasAlpha ? 1 : 0);
  if (channels !== 1 && channels !== 3) {
    throw wrongInput(field, `a ${kind} of ${channels} channels`, "gray (1) or RGB (3)");
  }
  return { kind, width, height, channels, alpha: metadata.hasAlpha };
}

/** The file's kind, by its first bytes; whole, and nothing behind it. */
function checkFile(file: Uint8Array, field: string): PictureKind {
  if (file.length === 0) throw wrongInput(field, "0 bytes", READ);
  const kind = fileKind(file);
  if (!isPictureKind(kind)) {
    const seen = kind === undefined ? "bytes of no known picture format" : `${kind} data`;
    throw wrongInput(field, seen, READ);
  }
  const extent = fileExtent(kind, file);
  if (extent.end === undefined) {
    throw wrongInput(field, `a ${kind} that is cut off or broken`, "a whole one");
  }
  const behind = file.length - extent.end;
  if (behind > 0) {
    throw wrongInput(field, `${behind} bytes behind the end of the ${kind}`, "none");
  }
  if (extent.animated) throw animated(kind, field);
  return kind;
}

function animated(kind: PictureKind, field: string): Error {
  return wrongInput(field, `an animated ${kind}`, "one of a single picture");
}

async function readMetadata(file: Uint8Array, kind: PictureKind, field: string): Promise<Metadata> {
  try {
    // The bound is checked by the caller, whose error names both sizes.
    return await sharp(file, { ...OPEN, limitInputPixels: false }).metadata();
  } catch (error) {
    throw undecodable(kind, field, error);
  }
}

/** The error of a file whose decoder gave up. */
export function undecodable(kind: PictureKind, field: string, cause: unknown): Error {
  const [reason = ""] = cause instanceof Error ? cause.message.split("\n") : [];
  return wrongInput(
    field,
    `a ${kind} that can't be decoded (${reason.slice(0, 120)})`,
    "a whole one",
    cause,
  );
}
