import type { ImageShape, Tensor } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { wrongInput } from "../requests/seen.ts";

/**
 * A request's tensor as the model takes it.
 *
 * @returns a copy, float32[channels, height, width]
 * @throws ServerError "invalid-argument": another shape, another length, NaN or an infinity
 */
export function readTensor(tensor: Tensor, shape: ImageShape, field: string): Float32Array {
  const seen = tensor.shape;
  if (
    seen?.channels !== shape.channels ||
    seen.height !== shape.height ||
    seen.width !== shape.width
  ) {
    throw wrongInput(
      `${field}.shape`,
      seen === undefined ? "none" : shapeText(seen),
      `${shapeText(shape)} (channels, height, width)`,
    );
  }
  return readFloats(tensor.float32, shape, `${field}.float32`);
}

/**
 * Bytes as float32, little endian, which is the order of every machine that ONNX Runtime is shipped for Node on.
 *
 * @returns a copy, float32[channels, height, width]
 * @throws ServerError "invalid-argument": another length, NaN or an infinity
 */
export function readFloats(bytes: Uint8Array, shape: ImageShape, field: string): Float32Array {
  const { channels, height, width } = shape;
  const expected = 4 * channels * height * width;
  if (bytes.length !== expected) {
    const words = `${expected}: float32 of ${shapeText(shape)} (channels, height, width)`;
    throw wrongInput(field, `${bytes.length} bytes`, words);
  }
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const column = bad % width;
    const row = Math.floor(bad / width) % height;
    const channel = Math.floor(bad / (width * height));
    const place = `channel ${channel}, row ${row}, column ${column}`;
    throw wrongInput(field, `${values[bad]} at ${place}`, "finite numbers");
  }
  return values;
}

function shapeText({ channels, height, width }: ImageShape): string {
  return `${channels} x ${height} x ${width}`;
}
