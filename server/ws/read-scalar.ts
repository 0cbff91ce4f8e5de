import { wrongValue } from "../requests/seen.ts";
import type { JsonObject } from "./read-json.ts";

const UINT32_MAX = 0xffff_ffff;
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;
const NOT_FINITE: readonly string[] = ["NaN", "Infinity", "-Infinity"];

/** proto3 JSON of a uint32: a whole number, or the same in a string. */
export function readUint32(value: unknown, path: string): number {
  const number = typeof value === "string" && /^\d{1,20}$/.test(value) ? Number(value) : value;
  if (
    typeof number === "number" &&
    Number.isInteger(number) &&
    number >= 0 &&
    number <= UINT32_MAX
  ) {
    return number;
  }
  throw wrongValue(path, value, `a whole number from 0 to ${UINT32_MAX}`);
}

/** proto3 JSON of a uint64: a string of digits, or a number as long as JSON keeps every digit of it. */
export function readUint64(value: unknown, path: string): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value === "string" && /^\d{1,20}$/.test(value) && BigInt(value) <= UINT64_MAX) {
    return value;
  }
  throw wrongValue(
    path,
    value,
    `a whole number from 0 to ${UINT64_MAX}, in a string where it is over ${Number.MAX_SAFE_INTEGER}`,
  );
}

/** proto3 JSON of a double: a number, the same in a string, or the name of what JSON has no number for. */
export function readNumber(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "string") {
    if (NOT_FINITE.includes(value)) return Number(value);
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  }
  throw wrongValue(path, value, "a number");
}

/**
 * proto3 JSON of a Duration: seconds and the letter s, such as "1.5s".
 *
 * @returns what the generated `Duration.fromJSON` takes
 */
export function readDuration(value: unknown, path: string): JsonObject {
  const match = typeof value === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
  if (match === null) throw wrongValue(path, value, 'a duration in seconds, such as "1.5s"');
  const [, sign = "", seconds = "0", fraction = ""] = match;
  return { seconds: sign + seconds, nanos: Number(sign + fraction.padEnd(9, "0")) };
}
