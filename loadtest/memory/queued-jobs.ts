import { connect } from "../../clients/typescript/connect.ts";
import type { Client } from "../../clients/typescript/core/client.ts";
import { accepted, begun, start, startLong } from "./jobs.ts";
import { growth, type MeasuredServer, type Memory, withMeasured } from "./measured-server.ts";

/** Jobs that wait are told every second where they stand. */
const LOOKS = 4;

/** How a queue is reached, and what serves it. */
export interface Queue {
  readonly address: (server: MeasuredServer) => string;
  readonly flags: readonly string[];
  /** Another program than the server, whose jobs never begin. */
  readonly program?: readonly [program: string];
}

/** Adds so many jobs that wait, a hundred at a time. */
async function queue(client: Client, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const length = Math.min(100, count - done);
    await Promise.all(Array.from({ length }, () => accepted(start(client, 1))));
  }
}

/** What a job that waits takes, of so many after half as many, over one connection that all share. */
export function perQueuedJob(count: number, { address, flags, program }: Queue): Promise<Memory> {
  const measure = async (server: MeasuredServer): Promise<Memory> => {
    const client = connect(address(server));
    try {
      if (program === undefined) await begun(startLong(client, 1), 1);
      await queue(client, Math.ceil(count / 2));
      const before = await server.memory(LOOKS);
      await queue(client, count);
      return growth(before, await server.memory(LOOKS), count);
    } finally {
      await client.close();
    }
  };
  const all = program === undefined ? [...flags, "--max-active-rows", "1"] : [];
  return withMeasured(all, measure, program);
}

export function overWebSocket({ http }: MeasuredServer): string {
  return `${http.replace("http", "ws")}/v1/stream`;
}

export function overGrpc({ grpc }: MeasuredServer): string {
  return grpc;
}
