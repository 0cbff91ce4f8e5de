/**
 * What jobs take of a server's memory: resident bytes of its process, by the operating system and after full collections
 * (memory/tell-memory.ts), with so many jobs waiting, or rows running, over those of the same server with fewer. What the
 * first ones make a process take once, such as compiled code, is not theirs. Of what a job takes over gRPC most is grpc-js's
 * own: a server of that alone is measured beside it.
 *
 *   npm run bench:memory [-- --queued 4000 --running 1024]
 */
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import { machine } from "./machine.ts";
import { begun, MODEL, startLong } from "./memory/jobs.ts";
import { growth, type Memory, withMeasured } from "./memory/measured-server.ts";
import { overGrpc, overWebSocket, perQueuedJob } from "./memory/queued-jobs.ts";

const { values } = parseArgs({
  options: {
    queued: { type: "string", default: "4000" },
    running: { type: "string", default: "1024" },
  },
});
const [queued, running] = [Number(values.queued), Number(values.running)];
/** Those before the ones that are counted: rows enough for the largest batch, whose memory is not theirs. */
const RUNNING_BEFORE = Math.min(128, Math.ceil(running / 4));
const FLAGS = ["--log-level", "warn", "--max-rows", String(2 * (queued + running))] as const;

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

/** Where a collection had left free pages to the process, what is resident grows by less than what is live. */
function most({ rss, heapUsed, external }: Memory): number {
  return Math.max(rss, heapUsed + external);
}

function show(what: string, { rss, heapUsed, external }: Memory): void {
  const [all, live] = [rss, heapUsed + external].map((bytes) => (bytes / 1024).toFixed(1));
  process.stdout.write(`${what}: ${all} KiB resident, ${live} KiB of live heap and buffers\n`);
}

const webSocket = await perQueuedJob(queued, { address: overWebSocket, flags: FLAGS });
show("a queued job over the WebSocket", webSocket);
const grpc = await perQueuedJob(queued, { address: overGrpc, flags: FLAGS });
show("a queued job over gRPC", grpc);
const bareGrpc = await perQueuedJob(queued, {
  address: overGrpc,
  flags: [],
  program: ["loadtest/memory/bare-grpc.js"],
});
show("a call of grpc-js that is held open, without a job", bareGrpc);
const row = await perRunningRow();
show("a running row of 32x32 with previews", row);
const figures = {
  benchmark: "memory",
  bytesPerQueuedJob: most(webSocket),
  bytesPerQueuedJobOverGrpc: most(grpc),
  bytesPerCallOfGrpcAlone: most(bareGrpc),
  bytesPerRunningRow: row.rss,
  queuedJob: { webSocket, grpc, bareGrpc },
  ...{ queued, running, model: MODEL },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
