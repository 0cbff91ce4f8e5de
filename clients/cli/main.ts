#!/usr/bin/env node
import { type Command, UsageError } from "./command.ts";

/** What a command does, and how its code is loaded: none waits for the libraries of another. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "derive",
    {
      summary: "derivatives of an ONNX model as an ONNX file, proved; needs no server",
      load: async () => (await import("./derive.ts")).derive,
    },
  ],
]);

const help = `Usage: scorestream COMMAND ...

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join("\n")}

scorestream COMMAND --help tells more. The server is another program: npm start -- --help.
`;

/** @returns what goes to stdout */
async function run([name, ...args]: readonly string[]): Promise<string> {
  if (name === "--help" || name === "-h") return help;
  const entry = COMMANDS.get(name ?? "");
  if (entry === undefined) {
    const names = [...COMMANDS.keys()].join(", ");
    throw new UsageError(`seen ${name ?? "no command"}, expected a command: ${names}`);
  }
  const command = await entry.load();
  return args.some((arg) => arg === "--help" || arg === "-h") ? command.help : command.run(args);
}

const [name = ""] = process.argv.slice(2);
const program = COMMANDS.has(name) ? `scorestream ${name}` : "scorestream";
try {
  process.stdout.write(await run(process.argv.slice(2)));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${program}: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write(`${program} --help tells how it is used\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
