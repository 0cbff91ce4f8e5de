import { ELEMENT_TYPES } from "./element-type.ts";
import { bfloat16OfNumber, float16OfNumber } from "./float16.ts";
import { TensorProto } from "./gen/onnx.ts";

/** The element types that tensors can be made of here, with the arrays that hold them. */
interface Arrays {
  float32: readonly number[] | Float32Array;
  float64: readonly number[] | Float64Array;
  float16: readonly number[];
  bfloat16: readonly number[];
  bool: readonly number[];
  int32: readonly number[] | Int32Array;
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

const WIDTHS: Readonly<Record<TensorElementType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  bool: 1,
  int32: 4,
  int64: 8,
};

/** Whether `tensor` makes tensors of a type. */
export function isTensorElementType(type: string | undefined): type is TensorElementType {
  return type !== undefined && Object.hasOwn(WIDTHS, type);
}

function littleEndian(
  type: TensorElementType,
  values: Iterable<number | bigint> & { readonly length: number },
): Uint8Array {
  const width = WIDTHS[type];
  const bytes = new DataView(new ArrayBuffer(width * values.length));
  let offset = 0;
  for (const value of values) {
    WRITE[type](bytes, offset, value);
    offset += width;
  }
  return new Uint8Array(bytes.buffer);
}

type Write = (bytes: DataView, offset: number, value: number | bigint) => void;

const WRITE: Readonly<Record<TensorElementType, Write>> = {
  float32: (bytes, offset, value) => bytes.setFloat32(offset, Number(value), true),
  float64: (bytes, offset, value) => bytes.setFloat64(offset, Number(value), true),
  float16: (bytes, offset, value) => bytes.setUint16(offset, float16OfNumber(Number(value)), true),
  bfloat16: (bytes, offset, value) =>
    bytes.setUint16(offset, bfloat16OfNumber(Number(value)), true),
  bool: (bytes, offset, value) => bytes.setUint8(offset, Number(value)),
  int32: (bytes, offset, value) => bytes.setInt32(offset, Number(value), true),
  int64: (bytes, offset, value) => bytes.setBigInt64(offset, BigInt(value), true),
};
