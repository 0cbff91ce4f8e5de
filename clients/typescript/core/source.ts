import type {
  ImageSource,
  TensorSource,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { type FloatTensor, toTensor } from "./float-tensor.ts";

/** What `upload` answered, or its id alone. Requests that use it must have the tenant of the upload. */
export interface Uploaded {
  readonly uploadId: string;
}

/** A picture file of another size than the model's. */
export interface Resized {
  readonly source: Uint8Array | Uploaded;
  /** "cover": scaled, its middle cut out; "contain": scaled, on black; "fill": stretched. */
  readonly resize: "cover" | "contain" | "fill";
}

/**
 * A picture: the bytes of a PNG, JPEG or WebP file, an upload, or exact values. A mask likewise: white, or a tensor's 1,
 * is known and kept; black, or 0, is to be filled.
 */
export type PictureSource = Uint8Array | Uploaded | FloatTensor | Resized;

/** A latent: as `encode` gave it, or an upload of `application/x-float32`. */
export type LatentSource = FloatTensor | Uploaded;

/** A picture as the contract has it. Shares the memory of bytes and values. */
export function toImageSource(picture: PictureSource): ImageSource {
  if ("resize" in picture) return { ...toImageSource(picture.source), resize: picture.resize };
  if (picture instanceof Uint8Array) {
    return { source: { $case: "data", value: picture }, resize: "" };
  }
  return { ...toTensorSource(picture), resize: "" };
}

/** A latent as the contract has it. Shares the memory of values. */
export function toTensorSource(latent: LatentSource): TensorSource {
  if ("uploadId" in latent) return { source: { $case: "uploadId", value: latent.uploadId } };
  return { source: { $case: "tensor", value: toTensor(latent) } };
}
