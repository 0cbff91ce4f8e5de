import { ServerError } from "../errors.ts";

/**
 * The error of a field whose value can't be what the contract says. Like `invalidArgument`, but safe for any JSON
 * value: an array or an object is named, never written out.
 */
export function wrongValue(field: string, seen: unknown, expected: string): ServerError {
  return new ServerError("invalid-argument", `${field}: seen ${shown(seen)}, expected ${expected}`);
}

/**
 * The same, with what was seen in words, such as "a GIF".
 *
 * @param cause logged, never sent
 */
export function wrongInput(
  field: string,
  seen: string,
  expected: string,
  cause?: unknown,
): ServerError {
  const message = `${field}: seen ${seen}, expected ${expected}`;
  return new ServerError("invalid-argument", message, { cause });
}

/** The error of bytes or text that are not the message they should be. */
export function malformed(what: string, cause?: unknown): ServerError {
  return new ServerError("malformed-frame", what, { cause });
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
