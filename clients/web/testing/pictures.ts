import sharp from "sharp";

/** A picture of 32 x 32: a light ring on dark blue. */
export function ring(): Promise<Buffer> {
  const svg =
    '<svg width="32" height="32"><rect width="32" height="32" fill="#102040"/><circle cx="16" cy="16" r="8" fill="none" stroke="#f0d060" stroke-width="4"/></svg>';
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
}

/** A file as an input of a page takes it. */
export interface PictureFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A picture file of its own size, as an input takes it. @param svg what is in it, over black */
export async function pictureFile(
  name: string,
  size: { width: number; height: number },
  svg = "",
): Promise<PictureFile> {
  const { width, height } = size;
  const page = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}"/>${svg}</svg>`;
  const buffer = await sharp(Buffer.from(page)).removeAlpha().png().toBuffer();
  return { name, mimeType: "image/png", buffer };
}

/** A file that says it is a picture. */
export const NO_PICTURE: PictureFile = {
  name: "text.png",
  mimeType: "image/png",
  buffer: Buffer.from("no picture"),
};
