import { once } from "node:events";
import { type SpawnedServer, spawnServer } from "../spawn.ts";

/** What a server's process has, in bytes. */
export interface Memory {
  /** Resident, by the operating system. */
  readonly rss: number;
  /** JavaScript's own. */
  readonly heapUsed: number;
}

export interface MeasuredServer extends SpawnedServer {
  /** After a full collection. */
  memory(): Promise<Memory>;
}

/** A server that says what memory it has. */
export async function measuredServer(flags: readonly string[]): Promise<MeasuredServer> {
  const server = await spawnServer(flags, undefined, "loadtest/memory/tell-memory.js");
  return {
    ...server,
    async memory() {
      const answered = once(server.process, "message");
      server.process.send("memory");
      const [memory] = (await answered) as [Memory];
      return memory;
    },
  };
}

/** Uses a server and stops it. */
export async function withMeasured<T>(
  flags: readonly string[],
  use: (server: MeasuredServer) => Promise<T>,
): Promise<T> {
  const server = await measuredServer(flags);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** What each of `count` more has taken, in bytes. */
export function growth(before: Memory, after: Memory, count: number): Memory {
  return {
    rss: (after.rss - before.rss) / count,
    heapUsed: (after.heapUsed - before.heapUsed) / count,
  };
}
