import sharp from "sharp";
import type { Client } from "../../typescript/core/client.ts";
import type { FloatTensor } from "../../typescript/core/float-tensor.ts";
import type { PictureSource, Uploaded } from "../../typescript/core/source.ts";
import type { ContentType } from "../../typescript/core/upload-parts.ts";
import { UsageError } from "../exit-codes.ts";
import type { Input } from "./input.ts";
import { isNpy, littleEndian } from "./npy.ts";
import { readTensor } from "./tensors.ts";

/** How a picture of another size than the model's is brought to it; the server does it. */
export type Resize = "cover" | "contain" | "fill";

/** Where sources go: what is too large for a request is uploaded first. */
export interface SourceOptions {
  readonly client: Client;
  readonly tenant: string;
  /** Ends an upload. */
  readonly signal: AbortSignal;
  readonly resize?: Resize | undefined;
  /** Bytes that a request may still have; shared by all of its sources. */
  readonly room: { bytes: number };
}

/** Of a request's sources together: well under the 4 MiB that a server takes unless it was told otherwise. */
export const REQUEST_BYTES: number = 2 * 1024 * 1024;

/** A picture for a request: a file as it is, for the server to judge, or the exact values of a .npy file. */
export async function pictureSource(input: Input, options: SourceOptions): Promise<PictureSource> {
  if (input.uploadId !== undefined) return resized({ uploadId: input.uploadId }, options);
  if (isNpy(input.bytes)) return await latentSource(readTensor(input), options);
  return await fileSource(input, options);
}

/**
 * The gray version of any picture that sharp reads: the mean of red, green and blue at each pixel, EXIF's orientation
 * applied, what is transparent on black. An upload is gray already.
 *
 * @throws UsageError for what is no picture
 */
export async function graySource(input: Input, options: SourceOptions): Promise<PictureSource> {
  if (input.uploadId !== undefined) return resized({ uploadId: input.uploadId }, options);
  if (isNpy(input.bytes)) return await latentSource(readTensor(input), options);
  return await fileSource({ ...input, bytes: await toGray(input) }, options);
}

export async function latentSource(
  tensor: FloatTensor | Uploaded,
  options: SourceOptions,
): Promise<FloatTensor | Uploaded> {
  if ("uploadId" in tensor) return tensor;
  const size = tensor.values.byteLength;
  if (taken(size, options)) return tensor;
  return await upload(littleEndian(tensor.values), "application/x-float32", options);
}

async function fileSource(input: Input, options: SourceOptions): Promise<PictureSource> {
  const { bytes } = input;
  const source = taken(bytes.length, options)
    ? bytes
    : await upload(bytes, contentTypeOf(input), options);
  return resized(source, options);
}

function resized(source: Buffer | Uploaded, { resize }: SourceOptions): PictureSource {
  return resize === undefined ? source : { source, resize };
}

/** A file as it is to be stored: a picture as it is, numbers bare. @throws UsageError for what no request would take */
export function uploadOf(input: Input): { readonly bytes: Buffer; readonly type: ContentType } {
  const type = "application/x-float32";
  if (isNpy(input.bytes)) return { bytes: littleEndian(readTensor(input).values), type };
  if (input.path.endsWith(".f32")) return { bytes: input.bytes, type };
  return { bytes: input.bytes, type: contentTypeOf(input) };
}

function taken(size: number, { room }: SourceOptions): boolean {
  if (size > room.bytes) return false;
  room.bytes -= size;
  return true;
}

function upload(bytes: Buffer, type: ContentType, options: SourceOptions): Promise<Uploaded> {
  const { client, tenant, signal } = options;
  return client.upload(bytes, type, { tenant, signal });
}

/** By the first bytes; the server checks the rest. @throws UsageError for what it would not take */
function contentTypeOf({ bytes, path }: Input): ContentType {
  const start = bytes.toString("latin1", 0, 4);
  if (start.startsWith("\xff\xd8")) return "image/jpeg";
  if (start === "RIFF") return "image/webp";
  if (start === "\x89PNG") return "image/png";
  throw new UsageError(`${path}: seen no known picture format, expected a PNG, JPEG or WebP file`);
}

async function toGray({ bytes, path }: Input): Promise<Buffer> {
  try {
    const { data, info } = await sharp(bytes)
      .autoOrient()
      .flatten({ background: "black" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const gray = Uint8Array.from({ length: width * height }, (_, i) => meanAt(data, i, channels));
    return await sharp(gray, { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path}: seen no picture that can be read, expected one (${message})`);
  }
}

/** Of red, green and blue: what the server keeps of a picture to be coloured. */
function meanAt(values: Uint8Array, pixel: number, channels: number): number {
  let sum = 0;
  for (let channel = 0; channel < channels; channel++)
    sum += values[pixel * channels + channel] ?? 0;
  return Math.round(sum / channels);
}
