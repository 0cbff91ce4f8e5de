import type { ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { wrongInput } from "../requests/seen.ts";
import { fromBytes, type Picture } from "./from-bytes.ts";
import { type PictureHeader, readHeader } from "./picture-header.ts";
import { checkSize, type Resize, readPixels, type Size } from "./read-pixels.ts";

/** What pixels are to be. */
export interface Wanted extends Size {
  /** The model's values of black and of white. */
  readonly dataRange: readonly [low: number, high: number];
  /** How a picture of another size is made to fit; undefined: it is refused. */
  readonly resize?: Resize | undefined;
}

/**
 * A picture file as a model takes it. Everything that its header says is checked before a pixel is decoded. A model
 * of one channel takes what `decodeGray` takes.
 *
 * @param field path in the request, such as `images[2]`, for errors
 * @throws ServerError "invalid-argument" for a file that is no such picture; "capability-missing" where the model's
 *   images are neither gray nor RGB
 */
export async function decodePicture(
  file: Uint8Array,
  channels: number,
  wanted: Wanted,
  field: string,
): Promise<Picture> {
  if (channels === 1) return await decodeGray(file, wanted, field);
  if (channels !== 3) {
    const message = `${field}: the model's images have ${channels} channels, and a picture has 1 or 3; expected a tensor`;
    throw new ServerError("capability-missing", message);
  }
  const header = await readHeader(file, field);
  refuseAlpha(header, field);
  if (header.channels === 1) {
    throw wrongInput(field, `a gray ${header.kind}`, "one in RGB: the model's images have colour");
  }
  return fromBytes(
    await decode(file, header, wanted, field),
    { channels, height: wanted.height, width: wanted.width },
    wanted.dataRange,
  );
}

/**
 * A gray picture file, float32[1, height, width]: one channel, or RGB whose channels are equal at every pixel, as
 * formats without gray store it (WebP). Never a colour made gray: there are many ways to.
 *
 * @throws ServerError "invalid-argument", as `decodePicture`
 */
export async function decodeGray(
  file: Uint8Array,
  wanted: Wanted,
  field: string,
): Promise<Picture> {
  const header = await readHeader(file, field);
  refuseAlpha(header, field);
  const bytes = await decode(file, header, wanted, field);
  const shape: ImageShape = { channels: 1, height: wanted.height, width: wanted.width };
  const gray = header.channels === 1 ? bytes : withoutColour(bytes, wanted.width, field);
  return fromBytes(gray, shape, wanted.dataRange);
}

function refuseAlpha({ kind, alpha, channels }: PictureHeader, field: string): void {
  if (!alpha) return;
  const mode = channels === 1 ? "gray" : "RGB";
  throw wrongInput(field, `a ${kind} in ${mode} with alpha`, "one without transparency");
}

async function decode(
  file: Uint8Array,
  header: PictureHeader,
  { height, width, resize }: Wanted,
  field: string,
): Promise<Uint8Array> {
  checkSize(header, { height, width }, resize, field);
  const size = resize === undefined ? undefined : { height, width, fit: resize };
  return await readPixels(file, header, field, size);
}

/** One of three equal channels. */
function withoutColour(bytes: Uint8Array, width: number, field: string): Uint8Array {
  const gray = new Uint8Array(bytes.length / 3);
  gray.forEach((_, pixel) => {
    const [red = 0, green = 0, blue = 0] = bytes.subarray(3 * pixel, 3 * pixel + 3);
    if (red !== green || green !== blue) {
      const place = `row ${Math.floor(pixel / width)}, column ${pixel % width}`;
      const seen = `a colour, (${red}, ${green}, ${blue}) at ${place}`;
      throw wrongInput(field, seen, "a gray picture");
    }
    gray[pixel] = red;
  });
  return gray;
}
