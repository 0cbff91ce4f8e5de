import { parseArgs } from "node:util";
import { z } from "zod";
import { type Config, ConfigError } from "./config.ts";
import { SETTINGS } from "./settings.ts";

/** What a command line asks for. */
export type Command = { readonly help: true } | { readonly help: false; readonly config: Config };

/** A setting's text, and where it came from for errors. */
interface Given {
  readonly source: string;
  readonly text: string;
}

type Name = keyof Config;
type Env = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(SETTINGS) as readonly Name[];

/**
 * The command line and the environment as the configuration: a flag wins over a variable, a variable over the
 * default. The only place that reads `process.argv` and `process.env`.
 *
 * @throws ConfigError that lists everything unknown or unparsable: what was seen and what would be right
 */
export function parseCommand(
  argv: readonly string[] = process.argv.slice(2),
  env: Env = process.env,
): Command {
  const flags = readFlags(argv);
  if (flags === "help") return { help: true };
  const given = new Map([...defaults(), ...readVariables(env), ...flags]);
  return { help: false, config: readConfig(given) };
}

function defaults(): Map<Name, Given> {
  return new Map(
    NAMES.map((key) => [key, { source: "the default", text: String(SETTINGS[key].default) }]),
  );
}

function readFlags(argv: readonly string[]): Map<Name, Given> | "help" {
  const string = { type: "string" } as const;
  const options = Object.fromEntries(NAMES.map((key) => [SETTINGS[key].name, string]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: "boolean" } },
    strict: false,
    tokens: true,
  });
  const flags = new Map<Name, Given>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      throw new ConfigError(
        `seen ${JSON.stringify(token.value)}, expected a flag: --help lists them`,
      );
    }
    if (token.rawName === "--help") return "help";
    const key = NAMES.find((name) => SETTINGS[name].flag === token.rawName);
    if (key === undefined) throw unknown("flag", token.rawName, "flag");
    // Without "=", what looks like the next flag is taken for it: `--models --threads 2` lacks a value.
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--"))) {
      throw new ConfigError(`${token.rawName}: seen no value, expected ${SETTINGS[key].range}`);
    }
    flags.set(key, { source: token.rawName, text: token.value });
  }
  return flags;
}

/** Variables of the same prefix that clients read, not the server. */
const CLIENTS_OWN: readonly string[] = ["SCORESTREAM_SERVER"];

function readVariables(env: Env): Map<Name, Given> {
  const variables = new Map<Name, Given>();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("SCORESTREAM_") || text === undefined) continue;
    if (CLIENTS_OWN.includes(variable)) continue;
    const key = NAMES.find((name) => SETTINGS[name].variable === variable);
    if (key === undefined) throw unknown("environment variable", variable, "variable");
    variables.set(key, { source: variable, text });
  }
  return variables;
}

function unknown(kind: string, seen: string, column: "flag" | "variable"): ConfigError {
  const right = NAMES.map((key) => SETTINGS[key][column]).join(", ");
  return new ConfigError(`unknown ${kind} ${seen}, expected one of ${right}`);
}

/** The parser: one zod object, a key for each row of the table. */
const schema = z.object(Object.fromEntries(NAMES.map((key) => [key, SETTINGS[key].schema])));

function readConfig(given: ReadonlyMap<Name, Given>): Config {
  const texts = Object.fromEntries([...given].map(([key, { text }]) => [key, text]));
  const parsed = schema.safeParse(texts);
  if (!parsed.success) {
    const wrong = new Set(parsed.error.issues.map((issue) => issue.path[0]));
    const lines = [...given]
      .filter(([key]) => wrong.has(key))
      .map(
        ([key, { source, text }]) =>
          `${source}: seen ${JSON.stringify(text)}, expected ${SETTINGS[key].range}`,
      );
    throw new ConfigError(lines.join("\n"));
  }
  // Every key has a value of its row's type: that is what the table's type says.
  return parsed.data as unknown as Config;
}
