import { fromImageData, type Picture } from "./picture.ts";
import type { PictureShape } from "./picture-shape.ts";

/** A file that is no picture, or one that this browser can't read. */
export class UnreadablePicture extends Error {
  override readonly name = "UnreadablePicture";
}

/** A picture of another size than the model's, where it is not to be scaled. */
export class WrongSize extends UnreadablePicture {}

/** What is done with a picture of another size: as the contract's `ImageSource.resize`; "" refuses it. */
export type Fit = "" | "cover" | "contain" | "fill";

/**
 * Reads a picture file at a shape. One that has the size already is taken as it is, to the last bit.
 *
 * @param fit "cover": scaled, its middle cut out; "contain": scaled, on black; "fill": stretched
 * @throws UnreadablePicture, WrongSize
 */
export async function readPicture(
  file: Blob,
  { width, height, channels }: PictureShape,
  fit: Fit = "cover",
): Promise<Picture> {
  const bitmap = await decode(file);
  if (fit === "" && (bitmap.width !== width || bitmap.height !== height)) {
    const seen = `seen ${bitmap.width} x ${bitmap.height} pixels`;
    bitmap.close();
    throw new WrongSize(`${seen}, expected ${width} x ${height}, or a way to fit it`);
  }
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new UnreadablePicture("this browser can't draw on a canvas");
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = bitmap.width !== width || bitmap.height !== height;
  const [drawnWidth, drawnHeight] = drawnSize(bitmap, width, height, fit);
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

function drawnSize(
  bitmap: ImageBitmap,
  width: number,
  height: number,
  fit: Fit,
): readonly [width: number, height: number] {
  if (fit === "fill") return [width, height];
  const [across, down] = [width / bitmap.width, height / bitmap.height];
  const scale = fit === "contain" ? Math.min(across, down) : Math.max(across, down);
  return [bitmap.width * scale, bitmap.height * scale];
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
    const type = file.type === "" ? "of unknown type" : `called ${file.type}`;
    throw new UnreadablePicture(
      `seen a file ${type} that this browser can't read, expected a PNG, JPEG or WebP picture`,
      { cause: error },
    );
  }
}
