import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Compiled, this file is dist/clients/cli/testing/scorestream.js. */
export const MAIN: string = fileURLToPath(new URL("../main.js", import.meta.url));

/** Puts a `scorestream` into a folder, as an install puts it on the path. @returns the PATH that has it */
export async function installProgram(folder: string): Promise<string> {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  await writeFile(join(folder, "scorestream"), script, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

/** What a command line came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  /** Sees the process, and what stdout has so far, whenever there is more of it. */
  readonly onStdout?: (child: ChildProcess, text: string) => void;
}

/** Runs the program as a user does, in a process of its own, without a terminal. */
export function scorestream(
  args: readonly string[],
  { cwd, env = {}, stdin, onStdout }: RunOptions,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, ...env } });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (bytes: Buffer) => {
    stdout.push(bytes);
    onStdout?.(child, Buffer.concat(stdout).toString());
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A program that is done with its input before its end closes it.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const bytes = Buffer.concat(stdout);
      resolve({ code, stdout: bytes.toString(), bytes, stderr });
    });
  });
}

/** The JSON lines of stdout. */
export function events(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
