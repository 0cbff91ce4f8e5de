/** The kinds of picture files that requests may hold. */
export type PictureKind = "PNG" | "JPEG" | "WebP";

interface Signature {
  readonly kind: string;
  readonly at: number;
  readonly bytes: string;
}

/** What files begin with, in latin1. The first three are read; the others are known so that an error can name them. */
const SIGNATURES: readonly Signature[] = [
  { kind: "PNG", at: 0, bytes: "\x89PNG\r\n\x1a\n" },
  { kind: "JPEG", at: 0, bytes: "\xff\xd8\xff" },
  { kind: "WebP", at: 8, bytes: "WEBP" },
  { kind: "GIF", at: 0, bytes: "GIF8" },
  { kind: "TIFF", at: 0, bytes: "II*\0" },
  { kind: "TIFF", at: 0, bytes: "MM\0*" },
  { kind: "TIFF", at: 0, bytes: "II+\0" },
  { kind: "AVIF", at: 4, bytes: "ftypavi" },
  { kind: "HEIF", at: 4, bytes: "ftyphe" },
  { kind: "HEIF", at: 4, bytes: "ftypmif1" },
  { kind: "JPEG XL", at: 0, bytes: "\xff\x0a" },
  { kind: "JPEG XL", at: 4, bytes: "JXL \r\n" },
  { kind: "JPEG 2000", at: 4, bytes: "jP  \r\n" },
  { kind: "BMP", at: 0, bytes: "BM" },
  { kind: "PDF", at: 0, bytes: "%PDF" },
  { kind: "NumPy array", at: 0, bytes: "\x93NUMPY" },
];

/** So much of a file is enough to name it. */
const HEAD_BYTES = 1024;

/** The kind of a file by its first bytes: one that is read, another's name, or undefined. Pure. */
export function fileKind(file: Uint8Array): string | undefined {
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, HEAD_BYTES));
  const text = head.toString("latin1");
  const found = SIGNATURES.find(({ at, bytes }) => text.startsWith(bytes, at));
  if (found !== undefined)
    return found.kind === "WebP" && !text.startsWith("RIFF") ? undefined : found.kind;
  return /^\s*(?:<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(text) && /<svg/i.test(text)
    ? "SVG"
    : undefined;
}

/** Whether a file is of a kind that is read. */
export function isPictureKind(kind: string | undefined): kind is PictureKind {
  return kind === "PNG" || kind === "JPEG" || kind === "WebP";
}
