/** Runs the tools of node_modules, each as `node <its entry point>`: no shell, no PATH. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Entry points, relative to the root. */
export const TOOLS = {
  ava: "node_modules/ava/entrypoints/cli.mjs",
  biome: "node_modules/@biomejs/biome/bin/biome",
  buf: "node_modules/@bufbuild/buf/bin/buf",
  oxlint: "node_modules/oxlint/bin/oxlint",
  tsc: "node_modules/typescript/bin/tsc",
};

/**
 * Runs `node <args>` in the root and collects what it writes.
 *
 * @returns its exit code (128 where a signal ended it) and its stdout and stderr as they came.
 */
export function capture(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 128, output }));
  });
}

/**
 * Runs `command args` in the root; what it writes goes to our stderr, because our stdout may be the server's.
 *
 * @throws CommandFailed where it ends with another exit code than 0.
 */
export async function run(command, args) {
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
    child.on("error", reject);
    child.on("close", (exitCode) => resolve(exitCode ?? 128));
  });
  if (code !== 0)
    throw new CommandFailed(`${[command, ...args].join(" ")} ended with code ${code}`);
}

/** Something that a script asked for did not work; its message is all that the user needs. */
export class CommandFailed extends Error {}

/** Runs a script's body; a failure is one line on stderr and exit code 1. */
export async function script(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof CommandFailed ? error.message : error);
    process.exitCode = 1;
  }
}
