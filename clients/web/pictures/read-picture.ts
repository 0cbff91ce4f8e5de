import { fromImageData, type Picture } from "./picture.ts";
import type { PictureShape } from "./picture-shape.ts";

/** A file that is no picture, or one that this browser can't read. */
export class UnreadablePicture extends Error {
  override readonly name = "UnreadablePicture";
}

/**
 * Reads a picture file at a shape: scaled to cover it, with its middle cut out. One that has the size already is taken as
 * it is, to the last bit.
 *
 * @throws UnreadablePicture
 */
export async function readPicture(
  file: Blob,
  { width, height, channels }: PictureShape,
): Promise<Picture> {
  const bitmap = await decode(file);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new UnreadablePicture("this browser can't draw on a canvas");
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = bitmap.width !== width || bitmap.height !== height;
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [drawnWidth, drawnHeight] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(
    bitmap,
    (width - drawnWidth) / 2,
    (height - drawnHeight) / 2,
    drawnWidth,
    drawnHeight,
  );
  bitmap.close();
  return fromImageData(context.getImageData(0, 0, width, height), channels);
}

/** Of a picture file, in pixels. @throws UnreadablePicture */
export async function sizeOf(
  file: Blob,
): Promise<{ readonly width: number; readonly height: number }> {
  const bitmap = await decode(file);
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch (error) {
    const seen = file.type === "" ? "a file of unknown type" : file.type;
    throw new UnreadablePicture(`seen ${seen}, expected a picture such as PNG, JPEG or WebP`, {
      cause: error,
    });
  }
}
