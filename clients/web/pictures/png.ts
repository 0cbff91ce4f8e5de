import { encode } from "fast-png";
import type { Picture } from "./picture.ts";

/** A PNG without alpha: a canvas writes one with alpha, which the server refuses in a picture. */
export function toPng({ width, height, channels, values }: Picture): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encode({ width, height, channels, depth: 8, data: values }));
}
