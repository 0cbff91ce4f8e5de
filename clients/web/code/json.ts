import {
  ImageFormat,
  JobOptions_Priority,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import {
  type CodeCall,
  isCase,
  isValues,
  saidBy,
  type Value,
  type Values,
} from "./request-values.ts";

/** Enums whose numbers the JSON names. */
const ENUMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  format: ImageFormat,
  priority: JobOptions_Priority,
};

/**
 * The request as a WebSocket's text frame takes it: a ClientFrame in proto3 JSON.
 *
 * Of an interpolation it is the first of two, and the second has the latents that the first one answers.
 *
 * @param bytes how pictures are written; base64 where the text is to be sent
 */
export function toJson(call: CodeCall, bytes: (picture: Uint8Array) => string = base64): string {
  const request = toObject(saidBy(call, ["frames"]), bytes);
  const name = call.$case === "interpolate" ? "encode" : call.$case;
  return JSON.stringify({ id: "1", [name]: request }, undefined, 2);
}

function toObject(values: Values, bytes: (picture: Uint8Array) => string): object {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    // A oneof's fields are the message's own.
    isCase(value) || (name === "source" && isValues(value))
      ? [[String(value.$case), toPlain(String(value.$case), value.value ?? {}, bytes)]]
      : [[name, toPlain(name, value, bytes)]],
  );
  return Object.fromEntries(entries);
}

function toPlain(name: string, value: Value, bytes: (picture: Uint8Array) => string): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return bytes(value);
  if (Array.isArray(value)) {
    return value.map((item) =>
      // The client takes a picture's bytes where the contract has an ImageSource.
      item instanceof Uint8Array ? { data: bytes(item) } : toPlain(name, item, bytes),
    );
  }
  if (name === "deadline" && isValues(value)) {
    return `${Number(value.seconds ?? 0) + Number(value.nanos ?? 0) / 1e9}s`;
  }
  if (isValues(value)) return toObject(value, bytes);
  const members = ENUMS[name];
  const member = Object.entries(members ?? {}).find(([, number]) => number === value);
  return member?.[0] ?? value;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The same for eyes: the beginning, and how long it is. */
export function shortBase64(bytes: Uint8Array): string {
  return `${base64(bytes.subarray(0, 12))}… ${bytes.length} bytes`;
}
