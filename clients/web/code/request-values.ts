import type { JobCall } from "../connection.ts";

/**
 * What programs can ask: a job, or an interpolation, which is a job that encodes and one that decodes. Its `images` are
 * the two ends.
 */
export type CodeCall =
  | JobCall
  | {
      readonly $case: "interpolate";
      readonly value: Extract<JobCall, { $case: "encode" }>["value"] & { readonly frames: number };
    };

/** A value of a request as a program is to write it. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value };

export type Values = Readonly<Record<string, Value>>;

/** A oneof as the client has it. */
interface Case {
  readonly $case: string;
  readonly value: Values;
}

/**
 * What a call says beside the defaults: fields that are empty, zero or false are left out, as the contract means them.
 *
 * @param without fields that concern this page alone
 */
export function saidBy({ value }: CodeCall, without: readonly string[] = []): Values {
  const said = clean(value) ?? {};
  return Object.fromEntries(Object.entries(said).filter(([name]) => !without.includes(name)));
}

export function isValues(value: Value | undefined): value is Values {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
}

export function isCase(value: Value | undefined): value is Values & Case {
  return isValues(value) && typeof value.$case === "string" && isValues(value.value);
}

/** A picture of a request: `{ source: { $case: "data", value: bytes } }`. */
export function bytesOf(value: Value | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (!isValues(value) || !isValues(value.source)) return undefined;
  const { value: bytes } = value.source;
  return bytes instanceof Uint8Array ? bytes : undefined;
}

function clean(value: unknown): Values | undefined {
  const entries = Object.entries(value as object).flatMap(([name, field]) => {
    const kept = cleanValue(field);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function cleanValue(value: unknown): Value | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 0 || value === 0n || value === "" || value === false) return undefined;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => cleanValue(item) ?? "");
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== "object") return value as Value;
  if ("$case" in value && "value" in value) {
    const { $case, value: chosen } = value as { $case: string; value: unknown };
    const kept =
      chosen instanceof Uint8Array || typeof chosen !== "object" ? chosen : clean(chosen);
    return { $case, value: (kept ?? {}) as Value };
  }
  return clean(value);
}

/** A picture that goes with a request, as a file. */
export interface InputFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The files of a request in the order of its fields, each named after its own: `image.png`, `low-resolution.png`, `images-1.png`. */
export function inputFiles(said: Values): readonly InputFile[] {
  return Object.entries(said).flatMap(([name, value]) => filesIn(value, name));
}

function filesIn(value: Value, name: string): readonly InputFile[] {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return [{ name: `${kebab(name)}.png`, bytes }];
  if (Array.isArray(value)) return value.flatMap((item, i) => filesIn(item, `${name}-${i + 1}`));
  return isValues(value) ? [...inputFiles(value)] : [];
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
