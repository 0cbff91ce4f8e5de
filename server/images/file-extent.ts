import type { PictureKind } from "./file-kind.ts";

/** What a walk over a file's parts, which decodes none of them, tells. */
export interface FileExtent {
  /** Where the picture ends, in bytes from the start; undefined where the file ends first or is broken. */
  readonly end: number | undefined;
  /** A PNG with more than one picture (APNG), which libvips would take for its first. */
  readonly animated: boolean;
}

/**
 * Where a file's picture ends. Decoders differ in what they say of a file that was cut off or has more behind it:
 * libpng is content without a PNG's last 12 bytes. Pure.
 */
export function fileExtent(kind: PictureKind, file: Uint8Array): FileExtent {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  switch (kind) {
    case "PNG":
      return pngExtent(bytes);
    case "JPEG":
      return { end: jpegEnd(bytes), animated: false };
    case "WebP":
      return { end: webpEnd(bytes), animated: false };
  }
}

/** Chunks: length, type, data, CRC; IEND is the last (PNG, section 5.3). acTL before the data makes it an APNG. */
function pngExtent(bytes: Buffer): FileExtent {
  let animated = false;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const next = at + 12 + bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (next > bytes.length) break;
    if (type === "acTL") animated = true;
    if (type === "IEND") return { end: next, animated };
    at = next;
  }
  return { end: undefined, animated };
}

const SOS = 0xda;
const EOI = 0xd9;

/** Segments, each with its length, and after SOS entropy-coded data up to the next marker (ITU T.81, B.1.1). */
function jpegEnd(bytes: Buffer): number | undefined {
  let at = 2;
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === EOI) return at + 2;
    if (marker === 0xff) {
      at += 1; // a fill byte
    } else if (isStandalone(marker)) {
      at += 2;
    } else {
      if (at + 4 > bytes.length) return undefined;
      at += 2 + bytes.readUInt16BE(at + 2);
      if (marker === SOS) at = nextMarker(bytes, at);
    }
  }
  return undefined;
}

/** TEM and RST0 to RST7 have no length. */
function isStandalone(marker: number | undefined): boolean {
  return marker === 0x01 || (marker !== undefined && marker >= 0xd0 && marker <= 0xd7);
}

/** Entropy-coded data writes 0xff as 0xff 0x00 and may hold RST markers; any other marker ends it. */
function nextMarker(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker !== 0x00 && !isStandalone(marker)) return at;
  }
  return bytes.length;
}

/** RIFF: four letters, the size of the rest. */
function webpEnd(bytes: Buffer): number | undefined {
  const end = 8 + bytes.readUInt32LE(4);
  return end <= bytes.length ? end : undefined;
}
