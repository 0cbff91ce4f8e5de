#!/usr/bin/env node
import { CommanderError } from "commander";
import { COMMANDS } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";
import { failureOf } from "./failure.ts";
import { printable } from "./printable.ts";
import { run } from "./program.ts";

async function fail(error: unknown, args: readonly string[]): Promise<void> {
  const failure = await failureOf(error);
  if (failure === undefined) return;
  const { isUsage, ...told } = failure;
  const [name = ""] = args;
  const program = Object.hasOwn(COMMANDS, name) ? `scorestream ${name}` : "scorestream";
  // Commander's own messages have lines.
  const lines = error instanceof CommanderError ? told.message.split("\n") : [told.message];
  process.stderr.write(`${program}: ${lines.map(printable).join("\n")}\n`);
  if (isUsage) process.stderr.write(`${program} --help tells how it is used\n`);
  if (args.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ event: "error", ...told })}\n`);
  }
  process.exitCode = told.exitCode;
}

const args = process.argv.slice(2);
// Whoever reads our output may leave early, as `head` does. That ends the job, and what it had still to write is missing.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.brokenPipe : EXIT.failed);
});
await run(args).catch((error: unknown) => fail(error, args));
