import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The server as a user starts it, in its own process, on free ports. */
export interface SpawnedServer {
  /** Of gRPC. */
  readonly target: string;
  readonly http: string;
  /** Sends SIGTERM. @returns the exit code and the signal that ended it, 0 and null where all went well */
  stop(): Promise<readonly [code: number | null, signal: string | null]>;
}

// Compiled, this file is dist/clients/typescript/testing/spawn-server.js.
export function repositoryPath(name: string): string {
  return fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
}

/**
 * @param models those of models/ that it serves; all where none is named
 * @param flags of the server
 * @throws Error where it ends before it is ready
 */
export async function spawnServer(
  models: readonly string[],
  flags: readonly string[],
): Promise<SpawnedServer> {
  const folder = models.length === 0 ? repositoryPath("models") : await linkModels(models);
  const fixed = ["--models", folder, "--grpc-port", "0", "--http-port", "0"];
  const server = spawn(
    process.execPath,
    [
      repositoryPath("dist/server/main.js"),
      ...fixed,
      "--log-level",
      "error",
      "--cache",
      repositoryPath("dist/derived"),
      ...flags,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const { grpc, http } = JSON.parse(line) as { grpc: string; http: string };
      return { target: grpc, http, stop: () => stop(server) };
    }
  } finally {
    if (models.length > 0) await rm(folder, { recursive: true });
  }
  throw new Error("the server ended before it was ready");
}

/** A folder with these models alone: what is not loaded takes no time. */
async function linkModels(models: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-models-"));
  const links = models.map((name) => symlink(repositoryPath(`models/${name}`), join(folder, name)));
  await Promise.all(links);
  return folder;
}

async function stop(server: ChildProcess): Promise<readonly [number | null, string | null]> {
  const exited = once(server, "exit") as Promise<[number | null, string | null]>;
  server.kill("SIGTERM");
  return await exited;
}
