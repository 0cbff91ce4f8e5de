import type { Argument, Command, Option } from "commander";
import { COMMANDS } from "./commands.ts";
import { environment } from "./environment.ts";
import { DEFAULT_SERVER, withClient } from "./flags/server.ts";

/** What a shell may add: files too, or nothing. The values are cobra's. */
const DIRECTIVE = { filesToo: 0, nothingElse: 4 } as const;

interface Answer {
  readonly words: readonly (readonly [word: string, about: string])[];
  readonly directive: (typeof DIRECTIVE)[keyof typeof DIRECTIVE];
}

/** Values of these are files or folders. */
const FILE = /<(file|pictures?|latents?|from|to|models)\b|\[models/;

/**
 * What can follow at the end of a command line, as the scripts of `scorestream completion` read it: a line a word, with
 * what it means behind a tab, and last a colon and the directive.
 *
 * @param words of the command line after the program's name; the last one is being typed, and may be empty
 */
export async function complete(words: readonly string[]): Promise<string> {
  // bash takes "=" for a word of its own.
  const typed = words.at(-1) === "=" ? "" : (words.at(-1) ?? "");
  const before = words.slice(0, -1).filter((word) => word !== "=");
  const { words: all, directive } = await answer(before, typed);
  const fitting = all.filter(([word]) => word.startsWith(typed));
  return `${fitting.map(([word, about]) => `${word}\t${about}\n`).join("")}:${directive}\n`;
}

async function answer([name, ...before]: readonly string[], typed: string): Promise<Answer> {
  if (name === undefined) {
    const words = Object.entries(COMMANDS).map(([word, { summary }]) => [word, summary] as const);
    return { words, directive: DIRECTIVE.nothingElse };
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) return { words: [], directive: DIRECTIVE.nothingElse };
  const command = await entry.load();
  const [flag, value] = split(before.at(-1), typed);
  const option = flag === undefined ? undefined : optionOf(command, flag);
  if (option !== undefined && (option.required || option.optional)) {
    const prefix = value === typed ? "" : `${flag}=`;
    const { words, directive } = await valuesOf(option, before);
    return { words: words.map(([word, about]) => [prefix + word, about]), directive };
  }
  if (typed.startsWith("-")) return { words: flagsOf(command), directive: DIRECTIVE.nothingElse };
  return argumentValues(command, before);
}

/** The flag whose value is being typed, if any, and what of the value is there. */
function split(last: string | undefined, typed: string): readonly [string | undefined, string] {
  const [, flag, value = ""] = /^(--[a-z-]+)=(.*)$/.exec(typed) ?? [];
  if (flag !== undefined) return [flag, value];
  return [last?.startsWith("-") ? last : undefined, typed];
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short);
}

function flagsOf(command: Command): Answer["words"] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => [long ?? short ?? "", description] as const);
}

async function valuesOf(option: Option, before: readonly string[]): Promise<Answer> {
  if (option.long === "--model") {
    return { words: await modelNames(before), directive: DIRECTIVE.nothingElse };
  }
  const words = (option.argChoices ?? []).map((choice) => [choice, ""] as const);
  return { words, directive: FILE.test(option.flags) ? DIRECTIVE.filesToo : DIRECTIVE.nothingElse };
}

async function argumentValues(command: Command, before: readonly string[]): Promise<Answer> {
  const given = before.filter((word, i) => {
    const option = optionOf(command, before[i - 1] ?? "");
    return !word.startsWith("-") && !(option?.required ?? false);
  }).length;
  const list = command.registeredArguments;
  const argument = list[given] ?? (list.at(-1)?.variadic ? list.at(-1) : undefined);
  if (argument === undefined) return { words: [], directive: DIRECTIVE.nothingElse };
  if (command.name() === "models") {
    return { words: await modelNames(before), directive: DIRECTIVE.nothingElse };
  }
  const words = (argument.argChoices ?? []).map((choice) => [choice, ""] as const);
  return {
    words,
    directive: FILE.test(named(argument)) ? DIRECTIVE.filesToo : DIRECTIVE.nothingElse,
  };
}

function named(argument: Argument): string {
  return `<${argument.name()}`;
}

/** Those of the server that the command line names; none where it doesn't answer. */
async function modelNames(before: readonly string[]): Promise<Answer["words"]> {
  const at = before.lastIndexOf("--server");
  const named = at < 0 ? environment.SCORESTREAM_SERVER : before[at + 1];
  try {
    const { models } = await withClient({ server: named ?? DEFAULT_SERVER }, (client) =>
      client.listModels(),
    );
    return models.map(({ name, forwardProcess }) => [name, forwardProcess] as const);
  } catch {
    return [];
  }
}
