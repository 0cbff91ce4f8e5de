import anyTest, { type TestFn } from "ava";
import { JobOptions, SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import { duration } from "./engine/duration.ts";
import type { RunningServer } from "./start.ts";
import { type Client, connectClients, ENDLESS, sampleRequest } from "./testing/clients.ts";
import { dyingWorkers } from "./testing/dying-workers.ts";
import { startService } from "./testing/start-service.ts";
import { OwnTimers } from "./testing/timers.ts";
import { floatUpload, uploadChunk } from "./testing/uploads.ts";

interface Context {
  readonly server: RunningServer;
  readonly timers: OwnTimers;
}

const test = anyTest.serial as TestFn<Context>;

/** Every worker that gets a row of this seed ends, until the row is to blame. */
const POISON = 666n;

function start(): Promise<RunningServer> {
  const poison = { death: "exit", stage: "updated", seeds: [POISON] } as const;
  return startService({ threads: 1 }, { workers: dyingWorkers({ poison }) });
}

/**
 * A job that is late: its evaluations are not known ahead, and are many more than are predicted. Its deadline is twice what
 * this machine promises.
 */
async function late(client: Client): Promise<SampleRequest> {
  const value = { solver: "rk45", relativeTolerance: 1e-8, absoluteTolerance: 1e-8 };
  const request = (seconds: number): SampleRequest =>
    SampleRequest.fromPartial({
      count: 64,
      sampler: { method: { $case: "probabilityFlow", value } },
      options: { deadline: duration(1000 * seconds) },
    });
  const { message } = await (await client.sample(request(0.001))).ended;
  const [, seconds] = /expected at least ([\d.]+) s/.exec(message) ?? [];
  return request(2 * Number(seconds));
}

/** The same, with a timer: a deadline that is far away. */
function timed(request: SampleRequest): SampleRequest {
  const options = JobOptions.fromPartial({ ...request.options, deadline: duration(100_000_000) });
  return { ...request, options };
}

/** How a job and an upload, both under way, come to their ends. */
interface Ending {
  readonly request: SampleRequest | ((client: Client) => Promise<SampleRequest>);
  /** The codes that they end with; "": well. */
  readonly job: string;
  readonly upload: string;
  /** Brings about the end of what does not end by itself. */
  end?(of: { client: Client; jobId: string; server: RunningServer }): Promise<void> | void;
  /** What the upload is sent last. */
  readonly last: "rest" | "too much" | "nothing";
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  ok: { request: timed(sampleRequest(300)), job: "", upload: "", last: "rest" },
  cancel: {
    request: timed(ENDLESS),
    job: "cancelled",
    upload: "invalid-argument",
    last: "too much",
    end: ({ client, jobId }) => client.cancel(jobId),
  },
  leave: {
    request: timed(ENDLESS),
    job: "lost",
    upload: "lost",
    last: "nothing",
    end: ({ client }) => client.leave(),
  },
  deadline: { request: late, job: "deadline-exceeded", upload: "", last: "rest" },
  fault: {
    request: { ...timed(sampleRequest(300)), seed: POISON },
    job: "internal",
    upload: "invalid-argument",
    last: "too much",
  },
  drain: {
    request: timed(ENDLESS),
    job: "shutting-down",
    upload: "lost",
    last: "nothing",
    end: async ({ server }) => void (await server.close()),
  },
};

const FRONTS = ["gRPC", "WebSocket"] as const;

/** What must be as before once all have ended. */
async function held({ load, uploadBytes }: RunningServer, timers: OwnTimers) {
  return { ...load, uploadBytes, timers: await timers.places() };
}

/** The same as soon as it is as expected; otherwise after a while in which everything could have been freed. */
async function settled(
  server: RunningServer,
  timers: OwnTimers,
  expected: Awaited<ReturnType<typeof held>>,
) {
  for (const started = performance.now(); ; ) {
    const now = await held(server, timers);
    const asExpected = JSON.stringify(now) === JSON.stringify(expected);
    if (asExpected || performance.now() - started > 30_000) return now;
  }
}

test.before(async (t) => {
  const timers = new OwnTimers();
  t.context = { timers, server: await start() };
});

test.after.always(async (t) => {
  t.context.timers.stop();
  await t.context.server.close();
});

for (const [i, front] of FRONTS.entries()) {
  for (const [name, { request, job, upload, end, last }] of Object.entries(ENDINGS)) {
    test(`${front}, ${name}: registers, jobs, uploads and timers are given back`, async (t) => {
      const { timers } = t.context;
      const beforeStart = await timers.places();
      const server = name === "drain" ? await start() : t.context.server;
      const connect = async (): Promise<Client> => {
        const clients = await connectClients(server);
        const mine = clients[i];
        for (const client of clients) if (client !== mine) client.close();
        if (mine?.name !== front) throw new Error(`seen ${mine?.name}`);
        return mine;
      };
      // What a whole upload leaves behind, for as long as it may be used.
      const { parts } = floatUpload(2, 1);
      const first = await connect();
      const stored = first.beginUpload();
      for (const part of parts) stored.send(part);
      t.is(await stored.end(), "");
      first.close();
      const idle = await held(server, timers);
      t.like(idle, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });

      const client = await connect();
      const pending = client.beginUpload();
      for (const part of parts.slice(0, 2)) pending.send(part);
      const asked = typeof request === "function" ? await request(client) : request;
      const { jobId, ended } = await client.sample(asked);
      while (server.uploadBytes === idle.uploadBytes) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (last === "rest") for (const part of parts.slice(2)) pending.send(part);
      if (last === "too much") pending.send(uploadChunk(Buffer.alloc(100)));
      const uploaded = last === "nothing" ? undefined : pending.end();
      t.not(jobId, "", "the job was not taken on");
      await end?.({ client, jobId, server });
      t.is((await ended).code, job);
      t.is(await (uploaded ?? pending.end()), upload);
      client.close();
      const expected = name === "drain" ? { ...idle, timers: beforeStart } : idle;
      t.deepEqual(await settled(server, timers, expected), expected);
    });
  }
}
