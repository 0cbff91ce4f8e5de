import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type SpawnedServer, spawnServer } from "../spawn.ts";

/** What a server's process has, in bytes. */
export interface Memory {
  /** Resident, by the operating system. */
  readonly rss: number;
  /** JavaScript's own. */
  readonly heapUsed: number;
  /** Of buffers outside of JavaScript's heap. */
  readonly external: number;
}

export interface MeasuredServer extends SpawnedServer {
  /** After a full collection. @param looks of which the least counts, a second apart: neither answers under way nor pages about to be given back are held */
  memory(looks?: number): Promise<Memory>;
}

/** A server that says what memory it has. @param program as `spawnServer` has it */
async function measuredServer(
  flags: readonly string[],
  program?: readonly [string],
): Promise<MeasuredServer> {
  const server = await spawnServer(flags, program, "loadtest/memory/tell-memory.js");
  return {
    ...server,
    async memory(looks = 1) {
      let least = await look(server);
      for (let more = 1; more < looks; more++) {
        await sleep(1000);
        const next = await look(server);
        least = {
          rss: Math.min(least.rss, next.rss),
          heapUsed: Math.min(least.heapUsed, next.heapUsed),
          external: Math.min(least.external, next.external),
        };
      }
      return least;
    },
  };
}

async function look(server: SpawnedServer): Promise<Memory> {
  const answered = once(server.process, "message");
  server.process.send("memory");
  const [memory] = (await answered) as [Memory];
  return memory;
}

/** Uses a server and stops it. @param program another than the server's own */
export async function withMeasured<T>(
  flags: readonly string[],
  use: (server: MeasuredServer) => Promise<T>,
  program?: readonly [string],
): Promise<T> {
  const server = await measuredServer(flags, program);
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
    external: (after.external - before.external) / count,
  };
}
