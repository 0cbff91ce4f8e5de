import type { ImageSource } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { invalidArgument } from "../errors.ts";
import { readPicture, type SourcePicture } from "../images/source.ts";
import type { Model } from "../models/repository.ts";
import type { RequestContext } from "./context.ts";
import { inputBytes } from "./input-memory.ts";

/** How many pictures or latents a request has. @throws ServerError "invalid-argument" for none, or too many */
export function checkSources(field: string, seen: number, most: number): void {
  if (seen >= 1 && seen <= most) return;
  throw invalidArgument(field, `${seen} of them`, `1 to ${most}`);
}

/** The pictures of a request, each of the model's shape. @throws ServerError naming the field, such as `images[2]` */
export async function readPictures(
  images: readonly ImageSource[],
  { shape, manifest }: Model,
  { uploads, limits, memory }: RequestContext,
  tenant: string,
): Promise<readonly SourcePicture[]> {
  checkSources("images", images.length, limits.maxCount);
  memory?.take(inputBytes(images.length, shape));
  const { dataRange, bits } = manifest;
  const pictures: SourcePicture[] = [];
  // One after another: the first mistake is the one that is told.
  for (const [i, image] of images.entries()) {
    const target = { shape, dataRange, bits };
    pictures.push(await readPicture(image, `images[${i}]`, target, { uploads, tenant }));
  }
  return pictures;
}
