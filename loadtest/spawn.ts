import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { endWithUs } from "./end-with-us.ts";

/** The line that a server prints once it answers. */
export interface Ready {
  readonly grpc: string;
  readonly http: string;
  /** Of Prometheus, where it was asked for. */
  readonly metrics?: string;
}

/** A server in its own process. */
export interface SpawnedServer extends Ready {
  readonly process: ChildProcess;
  /** Ends it as an operator would, with SIGTERM. */
  stop(): Promise<void>;
}

function compiled(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/**
 * Starts a server on free ports. It does not outlive this process (end-with-us.ts).
 *
 * @param program another program than the server's own, and arguments before the flags
 * @param preload a compiled module that runs in the process before the program, with `gc` and a channel for messages
 * @throws Error where it ends before it is ready
 */
export async function spawnServer(
  flags: readonly string[],
  [program, ...before]: readonly [program: string, ...before: string[]] = ["server/main.js"],
  preload?: string,
): Promise<SpawnedServer> {
  const ofNode = preload === undefined ? [] : ["--expose-gc", "--import", compiled(preload)];
  const process_ = spawn(
    process.execPath,
    [...ofNode, compiled(program), ...before, "--grpc-port", "0", "--http-port", "0", ...flags],
    { stdio: ["ignore", "pipe", "inherit", ...(preload === undefined ? [] : ["ipc" as const])] },
  );
  // Nobody is left to read what it would still answer while it drains.
  endWithUs(process_, "SIGKILL");
  const stop = async (): Promise<void> => {
    if (process_.exitCode !== null || process_.signalCode !== null) return;
    const exited = once(process_, "exit");
    process_.kill("SIGTERM");
    await exited;
  };
  const { stdout } = process_;
  if (stdout === null) throw new Error("the server has no output");
  for await (const line of createInterface({ input: stdout })) {
    const ready = JSON.parse(line) as Ready;
    return { ...ready, process: process_, stop };
  }
  throw new Error("the server ended before it was ready");
}

/**
 * Runs a compiled script to its end.
 *
 * @param input what it reads from its standard input
 * @returns the JSON of its last line
 * @throws Error where it fails
 */
export function runScript(
  path: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<unknown> {
  return runProgram(process.execPath, [compiled(path), ...args], input);
}

/** The same of any program, such as a Python. */
export async function runProgram(
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<unknown> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  endWithUs(child, "SIGTERM");
  // Rejects where there is no such program.
  const exited = once(child, "exit");
  // A program that ends without reading everything is judged by its exit code.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const reading = lastLine(child.stdout);
  const [code] = await exited;
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${String(code)}`);
  return JSON.parse(await reading);
}

async function lastLine(output: Readable): Promise<string> {
  let last = "";
  for await (const line of createInterface({ input: output })) last = line;
  return last;
}
