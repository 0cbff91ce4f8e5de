import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { environment } from "../environment.ts";
import { Interrupted } from "../exit-codes.ts";

/** Compiled, this file is dist/clients/cli/commands/serve.js. */
const root = new URL("../../../../", import.meta.url);
const SERVER = fileURLToPath(new URL("dist/server/main.js", root));
const SHIPPED_MODELS = fileURLToPath(new URL("models", root));

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The server is a program of its own, in a process of its own: its arguments are passed on as they are, and so are
 * signals. It ends with the server's exit code.
 */
export const serve: Command = new Command("serve")
  .description("Starts a server; every flag is the server's own, and so is --help.")
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action(async (_flags: unknown, command: Command) => {
    const args = [...ownModels(command.args), ...command.args];
    const server = spawn(process.execPath, [SERVER, ...args], { stdio: "inherit" });
    const forward = (signal: NodeJS.Signals): boolean => server.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    const [code, signal] = (await once(server, "exit")) as [number | null, NodeJS.Signals | null];
    for (const signal of SIGNALS) process.off(signal, forward);
    if (signal !== null) {
      throw new Interrupted(`the server was ended by ${signal}`, 128 + constants.signals[signal]);
    }
    process.exitCode = code ?? 0;
  });

/** The models that ship with the program, where the user names no folder and has none called models. */
function ownModels(args: readonly string[]): readonly string[] {
  const isNamed = args.some((arg) => /^--models(=|$)/.test(arg));
  const isThere = environment.SCORESTREAM_MODELS !== undefined || existsSync("models");
  return isNamed || isThere ? [] : ["--models", SHIPPED_MODELS];
}
