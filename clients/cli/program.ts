import { readFileSync } from "node:fs";
import { Command } from "commander";
import { COMMANDS } from "./commands.ts";
import { complete } from "./complete.ts";
import { UsageError } from "./exit-codes.ts";

const EXIT_CODES = `
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 no server answers; 4 try again later; 130 Ctrl-C, which
ends the job (143 SIGTERM, 129 SIGHUP); 141 stdout was closed, as by head, which ends it too.
scorestream COMMAND --help tells more, and so does docs/cli.md. Server: --server or SCORESTREAM_SERVER.
`;

/** The program, with the one command that is asked for: the others are names. */
async function programOf(name: string | undefined): Promise<Command> {
  const program = new Command("scorestream")
    .description("Asks a scorestream server for pictures, latents and likelihoods; starts one.")
    .version(version(), "-V, --version")
    .usage("COMMAND ...")
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText("after", EXIT_CODES);
  for (const [known, { summary, load }] of Object.entries(COMMANDS)) {
    const command = known === name ? await load() : new Command(known);
    program.addCommand(quiet(command.summary(summary)));
  }
  return quiet(program);
}

/** Errors are thrown, for `main` to tell, and help goes to stdout. */
function quiet(command: Command): Command {
  return command.exitOverride().configureOutput({ outputError: () => {} });
}

/** Compiled, this file is dist/clients/cli/main.js. */
function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs a command line. @param args what follows the program's name. @throws whatever `failureOf` can tell */
export async function run(args: readonly string[]): Promise<void> {
  const [name] = args;
  if (name === "complete" && args[1] === "--") {
    process.stdout.write(await complete(args.slice(2)));
    return;
  }
  if (name === undefined || (!name.startsWith("-") && !Object.hasOwn(COMMANDS, name))) {
    const names = Object.keys(COMMANDS).join(", ");
    throw new UsageError(`seen ${name || "no command"}, expected a command: ${names}`);
  }
  const program = await programOf(name);
  await program.parseAsync([...args], { from: "user" });
}
