import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { environment } from "./environment.ts";
import { Interrupted } from "./exit-codes.ts";

/** Compiled, this file is dist/clients/cli/server-program.js. */
const root = new URL("../../../", import.meta.url);
const SHIPPED_MODELS = fileURLToPath(new URL("models", root));

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program of server/ in a process of its own: arguments are passed on as they are, and so are signals. This process ends
 * with its exit code.
 *
 * @param file its compiled file below dist/
 * @throws Interrupted where a signal has ended it
 */
export async function runServerProgram(file: string, args: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL(`dist/${file}`, root));
  const all = [path, ...ownModels(args), ...args];
  const program = spawn(process.execPath, all, { stdio: "inherit" });
  const forward = (signal: NodeJS.Signals): boolean => program.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  const [code, signal] = (await once(program, "exit")) as [number | null, NodeJS.Signals | null];
  for (const signal of SIGNALS) process.off(signal, forward);
  if (signal !== null) {
    throw new Interrupted(`it was ended by ${signal}`, 128 + constants.signals[signal]);
  }
  process.exitCode = code ?? 0;
}

/** The models that ship with the program, where the user names no folder and has none called models. */
function ownModels(args: readonly string[]): readonly string[] {
  const isNamed = args.some((arg) => /^--models(=|$)/.test(arg));
  const isThere = environment.SCORESTREAM_MODELS !== undefined || existsSync("models");
  return isNamed || isThere ? [] : ["--models", SHIPPED_MODELS];
}
