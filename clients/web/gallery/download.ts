import { element } from "../dom.ts";
import type { Frame } from "../jobs/job-state.ts";
import { animateWebp } from "../pictures/animated-webp.ts";
import { fromImageData } from "../pictures/picture.ts";
import { toPng } from "../pictures/png.ts";
import { decodeImage } from "./decode.ts";

/** An animation's frames, and how long its last one stays. */
const FRAME_MS = 80;
const LAST_FRAME_MS = 1500;

/** A frame as a PNG file, exact: the server's WebP is lossless. */
export async function pngOf({ image }: Frame): Promise<Blob> {
  const bitmap = await decodeImage(image);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser can't draw on a canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const channels = image.shape?.channels === 1 ? 1 : 3;
  const picture = fromImageData(context.getImageData(0, 0, width, height), channels);
  return new Blob([toPng(picture)], { type: "image/png" });
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
