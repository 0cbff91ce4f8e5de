import { type Image, ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { type FloatTensor, fromFloat32 } from "./float-tensor.ts";

const MEDIA_TYPES: Readonly<Partial<Record<ImageFormat, string>>> = {
  [ImageFormat.IMAGE_FORMAT_PNG]: "image/png",
  [ImageFormat.IMAGE_FORMAT_JPEG]: "image/jpeg",
  [ImageFormat.IMAGE_FORMAT_WEBP]: "image/webp",
};

/** A picture file as a Blob, such as `URL.createObjectURL` takes. @throws TypeError for a raw format, which is no file */
export function toBlob(image: Image): Blob {
  const type = MEDIA_TYPES[image.format];
  if (type === undefined) throw wrongFormat(image, "PNG, JPEG or WebP");
  return new Blob([Uint8Array.from(image.data)], { type });
}

/** A picture's exact values, in the model's data range. @throws TypeError unless asked for as IMAGE_FORMAT_RAW_FLOAT32 */
export function toFloatTensor(image: Image): FloatTensor {
  if (image.format !== ImageFormat.IMAGE_FORMAT_RAW_FLOAT32 || image.shape === undefined) {
    throw wrongFormat(image, "IMAGE_FORMAT_RAW_FLOAT32");
  }
  return fromFloat32(image.shape, image.data);
}

/** A picture as a canvas takes it: `new ImageData(data, width, height)`. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  /** uint8[height, width, 4], opaque. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** A picture without decoding a file. @throws TypeError unless asked for as IMAGE_FORMAT_RAW_UINT8 */
export function toRgba(image: Image): Rgba {
  if (image.format !== ImageFormat.IMAGE_FORMAT_RAW_UINT8 || image.shape === undefined) {
    throw wrongFormat(image, "IMAGE_FORMAT_RAW_UINT8");
  }
  const { channels, height, width } = image.shape;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let color = 0; color < 3; color++) {
      // A gray picture's one channel is red, green and blue.
      data[4 * pixel + color] = image.data[channels * pixel + Math.min(color, channels - 1)] ?? 0;
    }
  }
  return { width, height, data };
}

function wrongFormat({ format }: Image, expected: string): TypeError {
  const name = Object.entries(ImageFormat).find(([, value]) => value === format)?.[0] ?? format;
  return new TypeError(`image: seen ${name}, expected ${expected}`);
}
