import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { checkEnum } from "../requests/check-enum.ts";
import { fieldPath } from "../requests/contract.ts";
import { wrongInput, wrongValue } from "../requests/seen.ts";
import { readDuration, readNumber, readUint32, readUint64 } from "./read-scalar.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/**
 * A message of the contract in proto3 JSON, checked, as JSON that the generated `fromJSON` reads without loss.
 *
 * `fromJSON` alone takes anything: it ignores unknown names, makes NaN of "abc", true of "false", and reads
 * durations as objects. Here a name that the contract doesn't have is an error, so that a typo never becomes a
 * default. Names may be snake_case or lowerCamelCase; null stands for a field left out.
 *
 * @param path of the message within the request, for errors; "" for the request itself
 * @throws ServerError "invalid-argument": the field, the value seen, what would be right
 */
export function readMessage(type: DescMessage, json: unknown, path = ""): JsonObject {
  if (!isJsonObject(json)) throw wrongValue(path === "" ? type.name : path, json, "an object");
  const read: Record<string, unknown> = {};
  const taken = new Map<string, string>();
  for (const [key, value] of Object.entries(json)) {
    const field = fieldOf(type, key);
    if (field === undefined) throw unknownField(type, path, key);
    if (value === null) continue;
    // A field, under either of its names, is given once; a oneof, under any of its fields.
    const slot = field.oneof?.name ?? field.name;
    const other = taken.get(slot);
    if (other !== undefined) {
      throw wrongValue(join(path, key), value, `nothing beside ${other}: one of them at a time`);
    }
    taken.set(slot, key);
    read[field.localName] = readField(field, value, fieldPath(type, path, field.name));
  }
  return read;
}

function fieldOf(type: DescMessage, key: string): DescField | undefined {
  return type.fields.find((field) => field.name === key || field.jsonName === key);
}

function unknownField(type: DescMessage, path: string, key: string): Error {
  const known = type.fields.map((field) => field.name).join(", ");
  const name = /^\w{1,80}$/.test(key) ? key : "(unknown)";
  return wrongValue(
    join(path, name),
    key,
    known === "" ? "no field here" : `a field of ${type.name}: one of ${known}`,
  );
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function readField(field: DescField, value: unknown, path: string): unknown {
  if (field.fieldKind !== "list") return readOne(field, value, path);
  if (!Array.isArray(value)) throw wrongValue(path, value, "an array");
  return value.map((item, index) => readOne(field, item, `${path}[${index}]`));
}

function readOne(field: DescField, value: unknown, path: string): unknown {
  if (field.message !== undefined) {
    return field.message.typeName === "google.protobuf.Duration"
      ? readDuration(value, path)
      : readMessage(field.message, value, path);
  }
  if (field.enum !== undefined) return checkEnum(path, value, field.enum);
  return readScalar(field, value, path);
}

function readScalar(field: DescField, value: unknown, path: string): unknown {
  switch (field.scalar) {
    case ScalarType.BOOL:
      if (typeof value === "boolean") return value;
      throw wrongValue(path, value, "true or false");
    case ScalarType.STRING:
      if (typeof value === "string") return value;
      throw wrongValue(path, value, "a string");
    case ScalarType.BYTES:
      if (typeof value !== "string") throw wrongValue(path, value, "a string of base64");
      checkBase64(value, path);
      return value;
    case ScalarType.DOUBLE:
      return readNumber(value, path);
    case ScalarType.UINT32:
      return readUint32(value, path);
    case ScalarType.UINT64:
      return readUint64(value, path);
    default:
      throw new Error(`the contract has a field of a kind that is not read yet: ${path}`);
  }
}

/** What Buffer reads: base64 or base64url, padded or not. An error tells one character: the rest may be a picture. */
function checkBase64(text: string, path: string): void {
  const right = /^[\w+/-]*={0,2}/.exec(text)?.[0].length ?? 0;
  if (right === text.length) return;
  const wrong = `${JSON.stringify(text[right])} at character ${right + 1}`;
  throw wrongInput(path, wrong, "a string of base64");
}
