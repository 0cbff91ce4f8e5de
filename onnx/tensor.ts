import { ELEMENT_TYPES } from "./element-type.ts";
import { TensorProto } from "./gen/onnx.ts";

/** The element types that tensors can be made of here, with the arrays that hold them. */
interface Arrays {
  float32: readonly number[] | Float32Array;
  float64: readonly number[] | Float64Array;
  int64: readonly (number | bigint)[] | BigInt64Array;
}

export type TensorElementType = keyof Arrays;

/** Product of dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * A tensor of the given values, row by row.
 *
 * @param dims its shape, each an integer >= 0; [] is a scalar
 * @throws RangeError where the number of values is not the product of `dims`.
 */
export function tensor<T extends TensorElementType>(
  type: T,
  dims: readonly number[],
  values: Arrays[T],
): TensorProto {
  if (dims.some((dim) => !(Number.isInteger(dim) && dim >= 0))) {
    throw new RangeError(`a tensor's dimensions must be integers >= 0; seen [${dims.join(", ")}]`);
  }
  if (values.length !== elementCount(dims)) {
    throw new RangeError(
      `a tensor of shape [${dims.join(", ")}] needs ${elementCount(dims)} values; seen ${values.length}`,
    );
  }
  return TensorProto.create({
    dims: dims.map(BigInt),
    dataType: ELEMENT_TYPES[type],
    rawData: littleEndian(type, values),
  });
}

function littleEndian(
  type: TensorElementType,
  values: Iterable<number | bigint> & { readonly length: number },
): Uint8Array {
  const width = type === "float32" ? 4 : 8;
  const bytes = new DataView(new ArrayBuffer(width * values.length));
  let offset = 0;
  for (const value of values) {
    switch (type) {
      case "float32":
        bytes.setFloat32(offset, Number(value), true);
        break;
      case "float64":
        bytes.setFloat64(offset, Number(value), true);
        break;
      case "int64":
        bytes.setBigInt64(offset, BigInt(value), true);
        break;
    }
    offset += width;
  }
  return new Uint8Array(bytes.buffer);
}
