import type { Image } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import type { Frame } from "../jobs/job-state.ts";
import { animateWebp } from "../pictures/animated-webp.ts";
import { fromImageData, type Picture } from "../pictures/picture.ts";
import { toPng } from "../pictures/png.ts";
import { decodeImage } from "./decode.ts";

/** An animation's frames, and how long its last one stays. */
const FRAME_MS = 80;
const LAST_FRAME_MS = 1500;

/** A frame as a PNG file, exact: the server's WebP is lossless. */
export function pngOf(frame: Frame): Promise<Blob> {
  return pngOfAll([frame]);
}

/** Frames of one size side by side as a PNG file. @param frames at least one */
export async function pngOfAll(frames: readonly Frame[]): Promise<Blob> {
  const picture = await pictureOf(frames.map(({ image }) => image));
  return new Blob([toPng(picture)], { type: "image/png" });
}

/** Pictures of one size side by side, exact. @param images at least one */
export async function pictureOf(images: readonly Image[]): Promise<Picture> {
  const { width = 1, height = 1, channels = 3 } = images[0]?.shape ?? {};
  const canvas = new OffscreenCanvas(width * images.length, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser can't draw on a canvas");
  for (const [i, image] of images.entries()) {
    const bitmap = await decodeImage(image);
    context.drawImage(bitmap, i * width, 0);
    bitmap.close();
  }
  const drawn = context.getImageData(0, 0, canvas.width, canvas.height);
  return fromImageData(drawn, channels === 1 ? 1 : 3);
}

/** All frames of a sample as one animated WebP. @param frames at least one */
export function animationOf(frames: readonly Frame[]): Blob {
  const { width = 1, height = 1 } = frames[0]?.image.shape ?? {};
  const stills = frames.map(({ image }, i) => ({
    webp: image.data,
    durationMs: i === frames.length - 1 ? LAST_FRAME_MS : FRAME_MS,
  }));
  return new Blob([animateWebp(stills, { width, height })], { type: "image/webp" });
}

/** Has the browser save a file, as if a link to it were followed. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  element("a", { href: url, download: name }).click();
  // The download has begun by then, and holds the file itself.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
