import sharp from "sharp";
import {
  type Image,
  ImageFormat,
  type ImageShape,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { checkFormat, type EncodedFormat } from "../requests/check-format.ts";
import { encodePng } from "./png.ts";
import { toBytes } from "./to-bytes.ts";

/** High quality, and full colour resolution with it: the flat colours of small pictures show every artefact. */
const JPEG_QUALITY = 92;
/** How hard libwebp tries, 0 to 6; lossless either way. 256x256 in colour: 12 ms, and 36 ms at the default 4. */
const WEBP_EFFORT = 1;

/**
 * A picture in a model's data range as the contract's Image.
 *
 * PNG and WebP are lossless: they decode to exactly the rounded bytes. JPEG is lossy, quality 92 without chroma
 * subsampling. RAW_UINT8 is the rounded bytes, channels last; RAW_FLOAT32 is the values themselves, unclamped,
 * channels first. Runs on libuv's pool, but for small PNGs, which take less than asking it; doesn't change `pixels`.
 *
 * @param pixels float32[channels, height, width], finite
 * @param dataRange the model's values of black and of white
 * @param format IMAGE_FORMAT_UNSPECIFIED: PNG; the result names the format that was written
 * @param field the path that an error names
 * @throws ServerError as `checkFormat`
 */
export async function encodeImage(
  pixels: Float32Array,
  shape: ImageShape,
  dataRange: readonly [low: number, high: number],
  format: ImageFormat,
  field = "format",
): Promise<Image> {
  const written = checkFormat(field, format, shape.channels);
  const data =
    written === ImageFormat.IMAGE_FORMAT_RAW_FLOAT32
      ? // A copy, in the order of this machine, which is little endian wherever ONNX Runtime is shipped for Node.
        Buffer.from(pixels.slice().buffer)
      : await encodeBytes(toBytes(pixels, shape, dataRange), shape, written);
  return { format: written, shape: { ...shape }, data };
}

/** More than any encoding adds to the bytes of a picture: headers, filters and blocks that do not compress. */
const ENCODING_BYTES = 4096;
const ENCODING_SHARE = 1.125;

/** What a picture takes in a format at most. */
export function mostBytesOf(format: ImageFormat, { channels, height, width }: ImageShape): number {
  const values = channels * height * width;
  if (format === ImageFormat.IMAGE_FORMAT_RAW_FLOAT32) return 4 * values;
  return Math.ceil(ENCODING_SHARE * values) + ENCODING_BYTES;
}

async function encodeBytes(
  bytes: Uint8Array<ArrayBuffer>,
  shape: ImageShape,
  format: Exclude<EncodedFormat, typeof ImageFormat.IMAGE_FORMAT_RAW_FLOAT32>,
): Promise<Buffer> {
  if (format === ImageFormat.IMAGE_FORMAT_RAW_UINT8) return Buffer.from(bytes.buffer);
  if (format === ImageFormat.IMAGE_FORMAT_PNG) return await encodePng(bytes, shape);
  const { channels, height, width } = shape;
  const picture = sharp(bytes, { raw: { width, height, channels: channels === 1 ? 1 : 3 } });
  // sharp makes colours of one channel unless it is told not to.
  if (channels === 1) picture.toColourspace("b-w");
  switch (format) {
    case ImageFormat.IMAGE_FORMAT_JPEG:
      return await picture.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: "4:4:4" }).toBuffer();
    case ImageFormat.IMAGE_FORMAT_WEBP:
      return await picture.webp({ lossless: true, effort: WEBP_EFFORT }).toBuffer();
  }
}
