import { type Command, Option } from "commander";
import { UsageError } from "../exit-codes.ts";

/** Adds options to a command, under a title of its help. */
export function addOptions(
  command: Command,
  title: string,
  options: readonly (() => Option)[],
): Command {
  for (const option of options) command.addOption(option().helpGroup(title));
  return command;
}

/** The examples at the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

/**
 * A flag whose value must be a number in a range.
 *
 * @param flags such as `--steps <n>`
 */
export function numberOption(
  flags: string,
  doc: string,
  { least, most, whole = true }: NumberRange,
): () => Option {
  const name = flagOf(flags);
  const kind = whole ? "a whole number" : "a number";
  const expected =
    most === undefined ? `${kind} from ${least}` : `${kind} from ${least} to ${most}`;
  return () =>
    new Option(flags, doc).argParser((text) => {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      const fits = value >= least && value <= (most ?? Number.MAX_SAFE_INTEGER);
      if (!fits || (whole && !Number.isInteger(value))) throw wrong(name, text, expected);
      return value;
    });
}

/** A flag that may be repeated, whose values are whole numbers from 0: those of the contract, of 32 bits. */
export function numbersOption(flags: string, doc: string): () => Option {
  const { parseArg } = numberOption(flags, doc, { least: 0, most: 0xffff_ffff })();
  return () =>
    new Option(flags, doc).argParser((text, before: readonly unknown[] = []) => [
      ...before,
      parseArg?.(text, undefined),
    ]);
}

export interface NumberRange {
  readonly least: number;
  /** Left out: no limit but the server's. */
  readonly most?: number;
  /** Left out: true. */
  readonly whole?: boolean;
}

/** A flag whose value is one of a few words, which completion knows. */
export function choiceOption(flags: string, doc: string, choices: readonly string[]): () => Option {
  const name = flagOf(flags);
  return () =>
    new Option(flags, doc).choices(choices).argParser((text) => {
      if (!choices.includes(text)) throw wrong(name, text, `one of ${choices.join(", ")}`);
      return text;
    });
}

export function textOption(flags: string, doc: string): () => Option {
  return () => new Option(flags, doc);
}

/** A flag whose value `parse` reads; undefined: it can't be meant. */
export function parsedOption<T>(
  flags: string,
  doc: string,
  expected: string,
  parse: (text: string) => T | undefined,
): () => Option {
  const name = flagOf(flags);
  return () =>
    new Option(flags, doc).argParser((text) => {
      const value = parse(text);
      if (value === undefined) throw wrong(name, text, expected);
      return value;
    });
}

/** "FLAG: seen TEXT, expected WHAT WOULD BE RIGHT", as the server says it of fields. */
export function wrong(flag: string, seen: string, expected: string): UsageError {
  return new UsageError(`${flag}: seen ${JSON.stringify(seen)}, expected ${expected}`);
}

function flagOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

/** Such as `--corrector-steps` of `correctorSteps`, without the dashes. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
