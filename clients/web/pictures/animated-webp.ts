/** A still WebP, and how long it is shown. */
export interface AnimationFrame {
  readonly webp: Uint8Array;
  readonly durationMs: number;
}

/** Chunks of a still WebP that belong into a frame: the picture, and its transparency where there is one. */
const PICTURE_CHUNKS: readonly string[] = ["VP8 ", "VP8L", "ALPH"];

const ANIMATED = 0b0000_0010;
/** Of a frame: drawn over nothing, and replaced whole by the next one. */
const DO_NOT_BLEND = 0b0000_0010;

/**
 * Stills of one size as an animation that repeats for ever. Nothing is decoded: the stills' own chunks are put into a new
 * container, as Google's "WebP Container Specification" has it (RIFF, VP8X, ANIM, then an ANMF a frame).
 *
 * @param frames at least one; each at most 2^24 - 1 ms
 * @throws RangeError for a file that is no still WebP
 */
export function animateWebp(
  frames: readonly AnimationFrame[],
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(10);
  header[0] = ANIMATED;
  header.set(uint24(width - 1), 4);
  header.set(uint24(height - 1), 7);
  const animation = new Uint8Array(6); // background 0, repeated 0 times: for ever
  const chunks = [
    chunk("VP8X", [header]),
    chunk("ANIM", [animation]),
    ...frames.map(({ webp, durationMs }) => {
      const place = new Uint8Array(16); // at 0, 0
      place.set(uint24(width - 1), 6);
      place.set(uint24(height - 1), 9);
      place.set(uint24(Math.round(durationMs)), 12);
      place[15] = DO_NOT_BLEND;
      return chunk("ANMF", [place, ...pictureChunks(webp)]);
    }),
  ];
  return chunk("RIFF", [ascii("WEBP"), ...chunks]);
}

/** The chunks of a still, each with its head and its padding. */
function pictureChunks(webp: Uint8Array): Uint8Array[] {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  if (name(webp, 0) !== "RIFF" || name(webp, 8) !== "WEBP") {
    throw new RangeError("expected a WebP file");
  }
  const found: Uint8Array[] = [];
  let at = 12;
  while (at + 8 <= webp.length) {
    const end = at + 8 + padded(view.getUint32(at + 4, true));
    if (PICTURE_CHUNKS.includes(name(webp, at))) found.push(webp.subarray(at, end));
    at = end;
  }
  if (found.length === 0) throw new RangeError("expected a still WebP, with a picture in it");
  return found;
}

function chunk(fourCharacters: string, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const made = new Uint8Array(8 + padded(size));
  made.set(ascii(fourCharacters), 0);
  new DataView(made.buffer).setUint32(4, size, true);
  let at = 8;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}

/** A chunk begins at an even place. */
function padded(size: number): number {
  return size + (size % 2);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function name(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** Little endian. */
function uint24(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255);
}
