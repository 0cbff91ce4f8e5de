import { basename } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../connect.ts";
import type { Client } from "../core/client.ts";

/** An option of an example: `--<name> <value>`. */
export interface Option {
  /** What its value is called in the help. */
  readonly value: string;
  /** A number's value must be a whole number from 0 on. */
  readonly default: string | number;
  readonly doc: string;
}
type Options = Readonly<Record<string, Option>>;

/** Each option's value, of its default's type. */
export type Values<O> = {
  readonly [Name in keyof O]: O[Name] extends { readonly default: number } ? number : string;
};

/** What every example has. */
interface Common {
  readonly target: Option & { readonly default: string };
  readonly model: Option & { readonly default: string };
}

const COMMON: Common = {
  target: {
    value: "ADDRESS",
    default: "127.0.0.1:50051",
    doc: "server: gRPC's host and port, or a URL such as ws://127.0.0.1:8080",
  },
  model: { value: "NAME", default: "color-digits", doc: "model" },
};

/** An example as a program, connected. */
export interface Program<V> {
  readonly client: Client;
  readonly values: V;
  /** Runs what it does. What fails is one line on stderr, and exit code 1. */
  run(body: () => Promise<void>): Promise<void>;
}

/**
 * Reads the options of an example and connects. `--help` ends the process, and so do options that can't be read, with exit
 * code 2.
 *
 * @param about what it does, for the help
 * @param own options beside the server's address and the model
 */
export function openProgram<const O extends Options>(
  about: string,
  own: O,
): Program<Values<O> & Values<Common>> {
  const values: Values<O> & Values<Common> = readOrExit(about, { ...COMMON, ...own });
  const client = connect(values.target);
  const run = async (body: () => Promise<void>): Promise<void> => {
    try {
      await body();
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    } finally {
      await client.close();
    }
  };
  return { client, values, run };
}

function readOrExit<O extends Options>(about: string, options: O): Values<O> {
  try {
    const { help, ...given } = parseArgs({ options: parsed(options) }).values;
    if (help !== true) return read(options, given) as Values<O>;
    process.stdout.write(helpOf(about, options));
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

type Parsed = Record<string, { readonly type: "string" | "boolean" }>;

function parsed(options: Options): Parsed {
  const own = Object.keys(options).map((name) => [name, { type: "string" }] as const);
  return { ...Object.fromEntries(own), help: { type: "boolean" } };
}

/** @throws RangeError for a number that is none */
function read(options: Options, given: Readonly<Record<string, unknown>>): object {
  const entries = Object.entries(options).map(([name, option]) => {
    const text = given[name];
    if (typeof text !== "string") return [name, option.default];
    if (typeof option.default === "string") return [name, text];
    if (/^\d+$/.test(text)) return [name, Number(text)];
    throw new RangeError(`--${name}: seen "${text}", expected a whole number from 0 on`);
  });
  return Object.fromEntries(entries);
}

function helpOf(about: string, options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const flag = `--${name} ${option.value}`;
    return `  ${flag.padEnd(18)}  ${option.doc} (${option.default})\n`;
  });
  const command = `node dist/clients/typescript/examples/${basename(process.argv[1] ?? "")}`;
  return `${about}\n\n  ${command} [options]\n\n${rows.join("")}`;
}
