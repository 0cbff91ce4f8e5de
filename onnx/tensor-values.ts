import { elementTypeName } from "./element-type.ts";
import { float32OfBfloat16, float32OfFloat16 } from "./float16.ts";
import { type TensorProto, TensorProto_DataLocation } from "./gen/onnx.ts";
import { elementCount } from "./tensor.ts";

/**
 * The elements of a tensor row by row, booleans as 0 and 1; int64 loses what a double can't hold.
 *
 * @returns undefined for strings and element types without a name here
 * @throws RangeError where the data lie outside the file (`withExternalData`) or are too few.
 */
export function tensorNumbers(tensor: TensorProto): readonly number[] | undefined {
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    throw new RangeError(
      `the tensor ${tensor.name} lies outside the ONNX file; read that file first`,
    );
  }
  const count = elementCount(tensor.dims.map(Number));
  const values = tensor.rawData.length > 0 ? rawNumbers(tensor, count) : typedNumbers(tensor);
  if (values !== undefined && values.length < count) {
    throw new RangeError(`the tensor ${tensor.name} holds ${values.length} of ${count} values`);
  }
  return values;
}

function rawNumbers({ name, dataType, rawData }: TensorProto, count: number): number[] | undefined {
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const read = (width: number, at: (offset: number) => number): number[] => {
    if (view.byteLength < width * count) {
      throw new RangeError(`the tensor ${name} holds ${view.byteLength} of ${width * count} bytes`);
    }
    return Array.from({ length: count }, (_, i) => at(width * i));
  };
  switch (elementTypeName(dataType)) {
    case "float32":
      return read(4, (i) => view.getFloat32(i, true));
    case "float64":
      return read(8, (i) => view.getFloat64(i, true));
    case "float16":
      return read(2, (i) => float32OfFloat16(view.getUint16(i, true)));
    case "bfloat16":
      return read(2, (i) => float32OfBfloat16(view.getUint16(i, true)));
    case "int8":
      return read(1, (i) => view.getInt8(i));
    case "int16":
      return read(2, (i) => view.getInt16(i, true));
    case "int32":
      return read(4, (i) => view.getInt32(i, true));
    case "int64":
      return read(8, (i) => Number(view.getBigInt64(i, true)));
    case "bool":
    case "uint8":
      return read(1, (i) => view.getUint8(i));
    case "uint16":
      return read(2, (i) => view.getUint16(i, true));
    case "uint32":
      return read(4, (i) => view.getUint32(i, true));
    case "uint64":
      return read(8, (i) => Number(view.getBigUint64(i, true)));
    default:
      return undefined;
  }
}

/** From the field that ONNX keeps each element type in when it is not raw. */
function typedNumbers(tensor: TensorProto): readonly number[] | undefined {
  switch (elementTypeName(tensor.dataType)) {
    case "float32":
      return tensor.floatData;
    case "float64":
      return tensor.doubleData;
    case "int64":
      return tensor.int64Data.map(Number);
    case "uint32":
    case "uint64":
      return tensor.uint64Data.map(Number);
    case "float16":
      return tensor.int32Data.map(float32OfFloat16);
    case "bfloat16":
      return tensor.int32Data.map(float32OfBfloat16);
    case "string":
    case undefined:
      return undefined;
    default:
      return tensor.int32Data;
  }
}
