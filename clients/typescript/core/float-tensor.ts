import type { ImageShape, Tensor } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** A picture's exact values, or a latent. */
export interface FloatTensor {
  readonly shape: ImageShape;
  /** float32[channels, height, width]: a picture's are in the model's data range, a latent's have the prior's scale. */
  readonly values: Float32Array;
}

/** As the contract has it: little endian, as every machine that runs browsers, and Node but on s390x. Shares the memory. */
export function toTensor({ shape, values }: FloatTensor): Tensor {
  return { shape, float32: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** The values of bytes as `IMAGE_FORMAT_RAW_FLOAT32` or a `Tensor` have them. A copy. */
export function fromFloat32(shape: ImageShape, bytes: Uint8Array): FloatTensor {
  // A copy, because a message's bytes need not begin at a multiple of 4.
  return { shape, values: new Float32Array(Uint8Array.from(bytes).buffer) };
}
