import type {
  ImageShape,
  ImageSource,
  TensorSource,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { wrongInput } from "../requests/seen.ts";
import type { StoredUpload, Uploads } from "../uploads/stored-upload.ts";
import { decodeGray, decodePicture, type Wanted } from "./decode-image.ts";
import { decodeMask } from "./decode-mask.ts";
import type { Picture } from "./from-bytes.ts";
import { checkResize } from "./read-pixels.ts";
import { readFloats, readTensor } from "./tensor.ts";

/** Where a request's sources are looked for, and for whom. */
export interface Origin {
  readonly uploads: Uploads;
  readonly tenant: string;
}

/** What a model takes. A low-resolution picture has a smaller shape than its images. */
export interface PixelTarget {
  readonly shape: ImageShape;
  /** The model's values of black and of white. */
  readonly dataRange: readonly [low: number, high: number];
  /** Bits that the model's data was quantised to. */
  readonly bits: number;
}

/** A picture out of a request. */
export interface SourcePicture {
  /** float32[channels, height, width] in the model's data range; a copy that the caller may keep. */
  readonly pixels: Float32Array;
  /**
   * uint8[channels, height, width], 0 to 2^bits - 1: the values that a file stores, of which a model of fewer than 8
   * bits keeps the upper ones. undefined where nothing says them: of a tensor, and of a model of more than 8 bits.
   */
  readonly levels: Uint8Array | undefined;
}

/** A source as it can be read: a picture file, or numbers of a shape. */
type Found =
  | { readonly kind: "file"; readonly bytes: Uint8Array }
  | { readonly kind: "numbers"; readonly numbers: Float32Array };

/**
 * A picture of the model's channels, such as `images[2]`.
 *
 * @throws ServerError "invalid-argument" naming the field, "upload-not-found", "capability-missing" for a picture file
 *   of a model whose images are neither gray nor RGB
 */
export async function readPicture(
  source: ImageSource | undefined,
  field: string,
  target: PixelTarget,
  origin: Origin,
): Promise<SourcePicture> {
  const { channels } = target.shape;
  return await read(source, field, target, origin, (file, wanted) =>
    decodePicture(file, channels, wanted, field),
  );
}

/** A gray picture, of one channel whatever the model's are. @throws ServerError as `readPicture` */
export async function readGray(
  source: ImageSource | undefined,
  field: string,
  target: PixelTarget,
  origin: Origin,
): Promise<SourcePicture> {
  const gray = { ...target, shape: { ...target.shape, channels: 1 } };
  return await read(source, field, gray, origin, (file, wanted) => decodeGray(file, wanted, field));
}

/**
 * A mask, uint8[height, width]: 1 known, 0 to be filled. A tensor's numbers are these, of one channel.
 *
 * @throws ServerError as `readPicture`
 */
export async function readMask(
  source: ImageSource | undefined,
  field: string,
  { shape }: Pick<PixelTarget, "shape">,
  origin: Origin,
): Promise<Uint8Array> {
  const { height, width } = shape;
  const resize = checkResize(`${field}.resize`, source?.resize ?? "");
  const found = find(source, field, { channels: 1, height, width }, origin);
  if (found.kind === "file") {
    return await decodeMask(found.bytes, { height, width, resize }, field);
  }
  const other = found.numbers.find((value) => value !== 0 && value !== 1);
  if (other === undefined) return Uint8Array.from(found.numbers);
  throw wrongInput(field, `${other} in a mask's tensor`, "1 where known, 0 where to be filled");
}

/**
 * A latent: numbers of the model's shape.
 *
 * @returns a copy, float32[channels, height, width]
 * @throws ServerError "invalid-argument" naming the field, "upload-not-found"
 */
export function readLatent(
  source: TensorSource | undefined,
  field: string,
  shape: ImageShape,
  origin: Origin,
): Float32Array {
  const given = source?.source;
  if (given === undefined) throw wrongInput(field, "none", "tensor or upload_id");
  if (given.$case === "tensor") return readTensor(given.value, shape, `${field}.tensor`);
  const upload = findUpload(given.value, field, origin);
  if (upload.contentType !== "application/x-float32") {
    const expected = "one of application/x-float32";
    throw wrongInput(`${field}.upload_id`, `an upload of ${upload.contentType}`, expected);
  }
  return readFloats(upload.bytes, shape, `${field}.upload_id`);
}

async function read(
  source: ImageSource | undefined,
  field: string,
  { shape, dataRange, bits }: PixelTarget,
  origin: Origin,
  decode: (file: Uint8Array, wanted: Wanted) => Promise<Picture>,
): Promise<SourcePicture> {
  const { height, width } = shape;
  const resize = checkResize(`${field}.resize`, source?.resize ?? "");
  const found = find(source, field, shape, origin);
  if (found.kind === "numbers") return { pixels: found.numbers, levels: undefined };
  const { pixels, levels } = await decode(found.bytes, { height, width, dataRange, resize });
  return { pixels, levels: bits > 8 ? undefined : levels.map((level) => level >> (8 - bits)) };
}

function find(
  source: ImageSource | undefined,
  field: string,
  shape: ImageShape,
  origin: Origin,
): Found {
  const given = source?.source;
  switch (given?.$case) {
    case undefined:
      throw wrongInput(field, "none", "data, upload_id or tensor");
    case "data":
      return { kind: "file", bytes: given.value };
    case "tensor":
      refuseResize(source, field);
      return { kind: "numbers", numbers: readTensor(given.value, shape, `${field}.tensor`) };
    case "uploadId": {
      const { contentType, bytes } = findUpload(given.value, field, origin);
      if (contentType !== "application/x-float32") return { kind: "file", bytes };
      refuseResize(source, field);
      return { kind: "numbers", numbers: readFloats(bytes, shape, `${field}.upload_id`) };
    }
  }
}

function refuseResize(source: ImageSource | undefined, field: string): void {
  const resize = source?.resize ?? "";
  if (resize === "") return;
  throw wrongInput(`${field}.resize`, `"${resize}"`, "none: a tensor is not resized");
}

function findUpload(id: string, field: string, { uploads, tenant }: Origin): StoredUpload {
  const upload = uploads.find(tenant, id);
  if (upload !== undefined) return upload;
  const message = `${field}.upload_id: seen ${JSON.stringify(id.slice(0, 80))}, expected the id of an upload of this tenant that has not expired`;
  throw new ServerError("upload-not-found", message);
}
