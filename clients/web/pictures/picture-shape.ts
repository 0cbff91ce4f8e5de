import type { Model } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** Width and height in pixels, and gray or colours. */
export interface PictureShape {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Of a model's pictures; undefined where what it draws has other channels than a picture. */
export function pictureShape({ shape }: Model): PictureShape | undefined {
  if (shape === undefined) return undefined;
  const { width, height, channels } = shape;
  return channels === 1 || channels === 3 ? { width, height, channels } : undefined;
}
