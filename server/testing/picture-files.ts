import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";

/** Picture files for tests. */

/** sharp on values whose neighbours all differ, channels last: a swap of axes or channels shows. */
export function pattern(channels: 1 | 2 | 3 | 4, width: number, height: number): Sharp {
  const picture = sharp(values(channels * width * height), { raw: { width, height, channels } });
  return channels < 3 ? picture.toColourspace("b-w") : picture;
}

/** 0, 37, 74, ... modulo 251. */
export function values(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 37) % 251);
}

/** A PNG file of these chunks, with right checksums. */
export function png(...chunks: readonly (readonly [type: string, data: Uint8Array])[]): Buffer {
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, ...chunks.map(([type, data]) => chunk(type, data))]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** An RGB PNG's header chunk, 8 bits. */
export function ihdr(width: number, height: number): readonly [string, Uint8Array] {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  return ["IHDR", data];
}

/** A well-formed PNG that says it is so large, of a few kB: its data are the first rows, all black. */
export function bomb(width: number, height: number): Buffer {
  const data = deflateSync(Buffer.alloc(16 * (1 + 3 * width)));
  return png(ihdr(width, height), ["IDAT", data], ["IEND", new Uint8Array()]);
}

/** An APNG of one still picture and one frame more. */
export async function apng(width: number, height: number): Promise<Buffer> {
  const still = await pattern(3, width, height).png().toBuffer();
  const headerEnd = 8 + 12 + 13;
  const control = chunk("acTL", Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0));
  return Buffer.concat([still.subarray(0, headerEnd), control, still.subarray(headerEnd)]);
}

/** A WebP of two frames. */
export function animatedWebp(width: number, height: number): Promise<Buffer> {
  return sharp(values(3 * width * 2 * height), {
    raw: { width, height: 2 * height, channels: 3, pageHeight: height },
  })
    .webp({ delay: [100, 100], lossless: true })
    .toBuffer();
}
