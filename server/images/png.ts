import { promisify } from "node:util";
import { crc32, deflate, deflateSync } from "node:zlib";
import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";

/** zlib's level. 256x256 in colour: 2.4 ms, where the default 6 takes 4.1 ms for 3 % fewer bytes. */
const LEVEL = 2;

/** Pictures of at most so many bytes are compressed on the caller's thread: asking another one takes longer. */
const AT_ONCE = 16 * 1024;

/** Bytes of a chunk besides its content. */
const CHUNK_BYTES = 12;
const SIGNATURE: Uint8Array = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const GRAY = 0;
const COLOUR = 2;

const compress = promisify(deflate);

/**
 * A PNG of 8 bits a channel, without filters: what a picture has of noise no filter makes smaller.
 *
 * @param bytes uint8[height, width, channels], channels 1 (gray) or 3 (colour)
 * @see W3C, Portable Network Graphics (Third Edition), sections 5 and 11.
 */
export async function encodePng(
  bytes: Uint8Array,
  { channels, height, width }: ImageShape,
): Promise<Buffer> {
  const rows = unfiltered(bytes, height, width * channels);
  const options = { level: LEVEL };
  const compressed =
    rows.length <= AT_ONCE ? deflateSync(rows, options) : await compress(rows, options);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 1 ? GRAY : COLOUR], 8);
  // In memory of its own: a part of Node's pool would keep all of it while a job is remembered.
  const file = Buffer.allocUnsafeSlow(
    SIGNATURE.length + 3 * CHUNK_BYTES + header.length + compressed.length,
  );
  file.set(SIGNATURE);
  let end = SIGNATURE.length;
  end = writeChunk(file, end, "IHDR", header);
  end = writeChunk(file, end, "IDAT", compressed);
  writeChunk(file, end, "IEND", new Uint8Array());
  return file;
}

/** Each row of `length` bytes behind the number of its filter, 0: none. */
function unfiltered(bytes: Uint8Array, height: number, length: number): Uint8Array {
  const rows = new Uint8Array(height * (length + 1));
  for (let y = 0; y < height; y++) {
    rows.set(bytes.subarray(y * length, (y + 1) * length), y * (length + 1) + 1);
  }
  return rows;
}

/** Writes the length, the type, the content, and the checksum of the last two. @returns where it ends */
function writeChunk(file: Buffer, from: number, type: string, content: Uint8Array): number {
  file.writeUInt32BE(content.length, from);
  file.write(type, from + 4, "latin1");
  file.set(content, from + 8);
  const end = from + 8 + content.length;
  file.writeUInt32BE(crc32(file.subarray(from + 4, end)), end);
  return end + 4;
}
