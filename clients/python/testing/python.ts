import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What `npm run python` ends with where there is no Python that could run the client. */
export const UNAVAILABLE = 69;
/** Of one run: it bounds a machine that hangs, not how fast one is. */
export const TIMEOUT_MS = 600_000;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

// Compiled, this file is dist/clients/python/testing/python.js.
const script = fileURLToPath(new URL("../../../../scripts/python.mjs", import.meta.url));

/**
 * `npm run python -- <args>`: its output and its errors together. A process group of its own: what a run leaves behind, such
 * as its server, ends with it.
 */
export function python(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const overdue = setTimeout(() => endGroup(child), TIMEOUT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => endGroup(child));
    child.on("close", (code) => {
      clearTimeout(overdue);
      resolve({ code, output });
    });
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing was left behind.
  }
}
