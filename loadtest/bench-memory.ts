/**
 * What jobs take of a server's memory: resident bytes of its process, by the operating system and after a full collection,
 * with so many jobs waiting, or rows running, over those of the same server with fewer. What the first ones make a process
 * take once, such as compiled code, is not theirs.
 *
 *   npm run bench:memory [-- --queued 4000 --running 1024]
 */
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import type { Client } from "../clients/typescript/core/client.ts";
import type { PictureJob } from "../clients/typescript/core/job.ts";
import type { JobEvent } from "../proto/messages/gen/scorestream/v1/scorestream.ts";
import { machine } from "./machine.ts";
import {
  growth,
  type MeasuredServer,
  type Memory,
  withMeasured,
} from "./memory/measured-server.ts";

const { values } = parseArgs({
  options: {
    queued: { type: "string", default: "4000" },
    running: { type: "string", default: "1024" },
  },
});
const [queued, running] = [Number(values.queued), Number(values.running)];
/** Those before the ones that are counted. Of rows enough for the largest batch, whose memory is not theirs. */
const QUEUED_BEFORE = Math.ceil(queued / 2);
const RUNNING_BEFORE = Math.min(128, Math.ceil(running / 4));
const FLAGS = ["--log-level", "warn", "--max-rows", String(2 * (queued + running))] as const;
const MODEL = "color-digits";

/** A job of the model's own sampler, or of so many steps of it. */
function start(client: Client, count: number, steps = 0): PictureJob {
  const sampler = { method: { $case: "predictorCorrector", value: { steps } } } as const;
  return client.sample({ model: MODEL, count, seed: 1n, sampler, preview: { everySteps: 10 } });
}

/** One that has not ended when it is left. */
function startLong(client: Client, count: number): PictureJob {
  return start(client, count, 10_000);
}

/** Reads a job on and on. @returns when `enough` was true of an event @throws ScoreStreamError where it fails before */
function readUntil(job: PictureJob, enough: (event: JobEvent["event"]) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      for await (const { event } of job) if (enough(event)) resolve();
    };
    // What it ends with later, when it is left, is of no interest.
    read().catch(reject);
  });
}

function accepted(job: PictureJob): Promise<void> {
  return readUntil(job, (event) => event?.$case === "accepted");
}

/** Each row of a job has shown a preview: by then it has touched both sides of all its registers. */
function begun(job: PictureJob, count: number): Promise<void> {
  const rows = new Set<number>();
  return readUntil(job, (event) => {
    if (event?.$case === "preview") rows.add(event.value.row);
    return rows.size === count;
  });
}

/** Adds so many jobs that wait, a hundred at a time. */
async function queue(client: Client, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const length = Math.min(100, count - done);
    await Promise.all(Array.from({ length }, () => accepted(start(client, 1))));
  }
}

/** Of a job that waits, over one connection that all share. */
function perQueuedJob(address: (server: MeasuredServer) => string): Promise<Memory> {
  return withMeasured([...FLAGS, "--max-active-rows", "1"], async (server) => {
    const client = connect(address(server));
    try {
      await begun(startLong(client, 1), 1);
      await queue(client, QUEUED_BEFORE);
      const before = await server.memory();
      await queue(client, queued);
      return growth(before, await server.memory(), queued);
    } finally {
      await client.close();
    }
  });
}

/** Of a row that runs, with previews. */
function perRunningRow(): Promise<Memory> {
  const places = String(running + RUNNING_BEFORE);
  return withMeasured([...FLAGS, "--max-active-rows", places], async (server) => {
    const client = connect(server.grpc);
    try {
      await begun(startLong(client, RUNNING_BEFORE), RUNNING_BEFORE);
      const before = await server.memory();
      await begun(startLong(client, running), running);
      return growth(before, await server.memory(), running);
    } finally {
      await client.close();
    }
  });
}

function most({ rss, heapUsed }: Memory): number {
  return Math.max(rss, heapUsed);
}

function show(what: string, { rss, heapUsed }: Memory): void {
  const [all, heap] = [rss, heapUsed].map((bytes) => (bytes / 1024).toFixed(1));
  process.stdout.write(`${what}: ${all} KiB resident, ${heap} KiB of live JavaScript heap\n`);
}

const overWebSocket = await perQueuedJob(({ http }) => `${http.replace("http", "ws")}/v1/stream`);
show("a queued job over the WebSocket", overWebSocket);
const overGrpc = await perQueuedJob(({ grpc }) => grpc);
show("a queued job over gRPC", overGrpc);
const row = await perRunningRow();
show("a running row of 32x32 with previews", row);
const figures = {
  benchmark: "memory",
  // Where a collection had left free pages to the process, what is resident grows by less than what is live.
  bytesPerQueuedJob: Math.max(most(overWebSocket), most(overGrpc)),
  queuedJob: { webSocket: overWebSocket, grpc: overGrpc },
  bytesPerRunningRow: row.rss,
  ...{ queued, running, model: MODEL },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
