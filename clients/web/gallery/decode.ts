import type { Image } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** The media type of what this page asks pictures to be. */
export const PICTURE_TYPE = "image/webp";

/** A picture of the server's, ready to be drawn; decoded beside this thread. */
export function decodeImage({ data }: Image): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([Uint8Array.from(data)], { type: PICTURE_TYPE }));
}
