import { AttributeProto, AttributeProto_AttributeType, type TensorProto } from "./gen/onnx.ts";

/** An attribute's value, still without its name. ONNX tells integers from floats, JavaScript does not: so say which. */
export type AttributeValue = Pick<AttributeProto, "type"> & Partial<AttributeProto>;

export function int(value: number): AttributeValue {
  return { type: AttributeProto_AttributeType.INT, i: BigInt(value) };
}
export function ints(values: readonly number[]): AttributeValue {
  return { type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) };
}
export function float(value: number): AttributeValue {
  return { type: AttributeProto_AttributeType.FLOAT, f: value };
}
export function floats(values: readonly number[]): AttributeValue {
  return { type: AttributeProto_AttributeType.FLOATS, floats: [...values] };
}
export function string(value: string): AttributeValue {
  return { type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
}
export function tensorAttribute(value: TensorProto): AttributeValue {
  return { type: AttributeProto_AttributeType.TENSOR, t: value };
}

/** The value with its name. */
export function named(name: string, value: AttributeValue): AttributeProto {
  return { ...AttributeProto.create(), ...value, name };
}
