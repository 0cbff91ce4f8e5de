import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { checkEnum } from "./check-enum.ts";
import { fieldPath } from "./contract.ts";
import { malformed, wrongValue } from "./seen.ts";

const UINT32_MAX = 0xffff_ffffn;
const PACKED = WireType.LengthDelimited;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Checks that bytes are a well-formed protobuf message of a type. The generated decoder is lenient: it skips a known
 * field of another wire type, cuts a uint32 to its low bits and stops in silence at a tag of 0, and each of these
 * would turn a caller's mistake into a default. Fields that the contract does not have are let through, as protobuf
 * wants it.
 *
 * @param path of the message within the request, for errors; "" for the request itself
 * @throws ServerError "malformed-frame" or "invalid-argument", naming the field
 */
export function checkWire(type: DescMessage, bytes: Uint8Array, path = ""): void {
  const fields = new Map(type.fields.map((field) => [field.number, field]));
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const field = fields.get(number);
      if (field === undefined) reader.skip(wire, number);
      else checkField(reader, field, wire, fieldPath(type, path, field.name));
    }
  } catch (error) {
    // The reader throws Error and RangeError with a reason; our own errors pass as they are.
    if (error instanceof Error && error.name === "ServerError") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw malformed(`the bytes are not a protobuf ${type.typeName}: ${reason}`, error);
  }
}

function checkField(reader: BinaryReader, field: DescField, wire: WireType, path: string): void {
  const expected = wireTypeOf(field);
  if (field.fieldKind === "list" && wire === PACKED && expected === WireType.Varint) {
    checkPacked(reader, field, path);
    return;
  }
  if (wire !== expected) {
    const place = path === "" ? field.name : path;
    throw malformed(`${place}: seen protobuf wire type ${wire}, expected ${expected}`);
  }
  if (field.message !== undefined) checkWire(field.message, reader.bytes(), path);
  else if (field.enum !== undefined) checkEnum(path, reader.int32(), field.enum);
  else if (field.scalar === ScalarType.STRING) checkText(reader.bytes(), path);
  else if (field.scalar === ScalarType.UINT32) checkUint32(reader.uint64(), path);
  else if (wire === WireType.Varint) reader.uint64();
  else reader.skip(wire, field.number);
}

/** A list's numbers, one behind the other in one field. */
function checkPacked(reader: BinaryReader, field: DescField, path: string): void {
  const numbers = new BinaryReader(reader.bytes());
  while (numbers.pos < numbers.len) {
    if (field.scalar === ScalarType.UINT32) checkUint32(numbers.uint64(), path);
    else numbers.uint64();
  }
}

function checkText(bytes: Uint8Array, path: string): void {
  try {
    utf8.decode(bytes);
  } catch (error) {
    throw malformed(`${path}: seen bytes that are not UTF-8, expected UTF-8 text`, error);
  }
}

function checkUint32(value: bigint | string | number, path: string): void {
  if (BigInt(value) > UINT32_MAX) {
    throw wrongValue(path, value, `a whole number from 0 to ${UINT32_MAX}`);
  }
}

/** The wire type of a field, of a list the one of its elements: a list of numbers may also come packed. */
function wireTypeOf(field: DescField): WireType {
  if (field.message !== undefined) return WireType.LengthDelimited;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
      return WireType.Bit64;
    default:
      return WireType.Varint;
  }
}
