import { z } from "zod";

/** One thing that can be set: a row of the table that `--help`, the README and the parser are made from. */
export interface Setting<T> {
  /** Such as `grpc-port`; its flag is `--grpc-port`, its variable `SCORESTREAM_GRPC_PORT`. */
  readonly name: string;
  readonly flag: string;
  readonly variable: string;
  readonly default: T;
  readonly unit: string;
  /** What would be right, as an error says it. */
  readonly range: string;
  readonly doc: string;
  /** From the text of a flag or a variable. */
  readonly schema: z.ZodType<T, string>;
}

/** What a row says beside its name, default and kind of value. */
interface Words {
  readonly unit?: string;
  readonly doc: string;
}

/** A whole number from `least` to `most`. */
export function integer(
  name: string,
  defaultValue: number,
  [least, most]: readonly [least: number, most: number],
  words: Words,
): Setting<number> {
  const number = z.number().int().min(least).max(most);
  return {
    ...named(name, words),
    default: defaultValue,
    range: `a whole number from ${least} to ${most}`,
    schema: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(number),
  };
}

/** Any text; not the empty one unless that is the default. */
export function text(name: string, defaultValue: string, words: Words): Setting<string> {
  const mayBeEmpty = defaultValue === "";
  return {
    ...named(name, words),
    default: defaultValue,
    range: mayBeEmpty ? "any text" : "text that is not empty",
    schema: z.string().min(mayBeEmpty ? 0 : 1),
  };
}

/** Origins of pages, as browsers name them; none where nothing is given. */
export function origins(name: string, words: Words): Setting<string> {
  const origin = /^(\*|https?:\/\/[^\s/,]+)$/;
  return {
    ...named(name, words),
    default: "",
    range: "origins such as https://example.org separated by commas, or *",
    schema: z
      .string()
      .refine((given) => given === "" || given.split(",").every((one) => origin.test(one.trim()))),
  };
}

/** One of a few words. */
export function choice<const T extends string>(
  name: string,
  defaultValue: T,
  choices: readonly T[],
  words: Words,
): Setting<T> {
  return {
    ...named(name, words),
    default: defaultValue,
    range: `one of ${choices.join(", ")}`,
    schema: z.string().pipe(z.enum(choices)),
  };
}

/** Some of a few words, separated by commas, none twice. */
export function choices(
  name: string,
  defaultValue: string,
  words: readonly string[],
  told: Words,
): Setting<string> {
  const known = (given: string): boolean => {
    const seen = given.split(",").map((one) => one.trim());
    return new Set(seen).size === seen.length && seen.every((one) => words.includes(one));
  };
  return {
    ...named(name, told),
    default: defaultValue,
    range: `some of ${words.join(", ")}, separated by commas, none twice`,
    schema: z.string().refine(known),
  };
}

/** HOST:PORT, with an IPv6 address in brackets; or nothing. */
export function address(name: string, words: Words): Setting<string> {
  return {
    ...named(name, words),
    default: "",
    range: "HOST:PORT, or nothing",
    schema: z.string().refine((text) => text === "" || parseAddress(text) !== undefined),
  };
}

/** An HTTP URL, without a password, since settings are logged; or nothing. */
export function httpUrl(name: string, words: Words): Setting<string> {
  return {
    ...named(name, words),
    default: "",
    range: "a URL such as http://127.0.0.1:4318, without user and password, or nothing",
    schema: z.string().refine((text) => text === "" || isHttpUrl(text)),
  };
}

function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s/]/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}

/** The parts of HOST:PORT; undefined where it is none. */
export function parseAddress(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

function named(
  name: string,
  { unit = "", doc }: Words,
): Pick<Setting<never>, "name" | "flag" | "variable" | "unit" | "doc"> {
  const variable = `SCORESTREAM_${name.toUpperCase().replaceAll("-", "_")}`;
  return { name, flag: `--${name}`, variable, unit, doc };
}
