import type { ImageShape } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { FloatTensor } from "../../typescript/core/float-tensor.ts";
import { UsageError } from "../exit-codes.ts";
import type { Input } from "./input.ts";
import { isNpy, type NpyArray, readFloat32, readNpy } from "./npy.ts";

/** A tensor out of a file, and the file. */
export interface NamedTensor {
  readonly input: Input;
  readonly tensor: FloatTensor;
}

/**
 * The latents of files: .npy of [channels, height, width] or [count, channels, height, width], or raw float32, little
 * endian, whose shape must be told.
 *
 * @param shape of --shape: channels, height, width
 * @throws UsageError for a file that is neither, or another shape
 */
export function readLatents(
  inputs: readonly Input[],
  shape: ImageShape | undefined,
): NamedTensor[] {
  return inputs.flatMap((input) =>
    split(isNpy(input.bytes) ? npyOf(input) : rawOf(input, shape), input.path).map((tensor) => ({
      input,
      tensor,
    })),
  );
}

/** The one tensor of a .npy file. @throws UsageError for another file, or several tensors */
export function readTensor(input: Input): FloatTensor {
  const [tensor, ...others] = split(npyOf(input), input.path);
  if (tensor !== undefined && others.length === 0) return tensor;
  const seen = `${1 + others.length} arrays`;
  throw new UsageError(`${input.path}: seen ${seen}, expected one of [channels, height, width]`);
}

function npyOf({ bytes, path }: Input): NpyArray {
  try {
    return readNpy(bytes);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function rawOf({ bytes, path }: Input, shape: ImageShape | undefined): NpyArray {
  if (shape === undefined) {
    const expected = "expected one, or raw float32 and its --shape C,H,W";
    throw new UsageError(`${path}: seen no .npy file, ${expected}`);
  }
  const { channels, height, width } = shape;
  const one = 4 * channels * height * width;
  if (bytes.length === 0 || bytes.length % one !== 0) {
    const expected = `a multiple of ${one}: float32 of --shape ${channels},${height},${width}`;
    throw new UsageError(`${path}: seen ${bytes.length} bytes, expected ${expected}`);
  }
  const values = readFloat32(bytes);
  return { shape: [bytes.length / one, channels, height, width], values };
}

function split({ shape, values }: NpyArray, path: string): FloatTensor[] {
  const [channels, height, width] = shape.slice(-3);
  const isWhole = shape.length === 3 || shape.length === 4;
  if (!isWhole || channels === undefined || height === undefined || width === undefined) {
    const expected = "[channels, height, width], or [count, channels, height, width]";
    throw new UsageError(`${path}: seen the shape [${shape.join(", ")}], expected ${expected}`);
  }
  const size = channels * height * width;
  const count = shape.length === 4 ? (shape[0] ?? 0) : 1;
  return Array.from({ length: count }, (_, i) => ({
    shape: { channels, height, width },
    values: values.slice(i * size, (i + 1) * size),
  }));
}
