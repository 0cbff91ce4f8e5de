import anyTest, { type TestFn } from "ava";
import type { JobEvent } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "./connect.ts";
import type { ClientOptions } from "./core/call-options.ts";
import type { Client } from "./core/client.ts";
import { ScoreStreamError } from "./core/scorestream-error.ts";
import { type CuttableProxy, startProxy } from "./testing/proxy.ts";
import { type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest as TestFn<{ server: SpawnedServer }>;

const MAX_ROWS = 8;
const MAX_FRAME_BYTES = 16_384;

test.before(async (t) => {
  const limits = ["--max-rows", String(MAX_ROWS), "--max-frame-bytes", String(MAX_FRAME_BYTES)];
  t.context = { server: await spawnServer(["gaussian-mixture-vp"], limits) };
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.server.stop(), [0, null]);
});

interface Way {
  readonly name: string;
  /** Of a server. */
  host(server: SpawnedServer): string;
  /** @param host and port */
  connect(host: string, options?: ClientOptions): Client;
}

const WAYS: readonly Way[] = [
  {
    name: "gRPC, asked to resume",
    host: ({ target }) => target,
    connect: (host, options) => connect(host, { resume: true, ...options }),
  },
  {
    name: "WebSocket",
    host: ({ http }) => new URL(http).host,
    connect: (host, options) => connect(`ws://${host}`, options),
  },
];

/** A client whose connections can be cut. */
async function throughProxy<T>(
  way: Way,
  target: string | undefined,
  options: ClientOptions,
  use: (client: Client, proxy: CuttableProxy) => Promise<T>,
): Promise<T> {
  const proxy = await startProxy(target);
  const client = way.connect(proxy.address, options);
  try {
    return await use(client, proxy);
  } finally {
    await client.close();
    await proxy.close();
  }
}

function request(count: number, steps: number) {
  return {
    count,
    seed: 3n,
    sampler: { method: { $case: "predictorCorrector", value: { steps } } },
    options: { strict: true },
  } as const;
}

/** Ends of itself only if it is cancelled, within the time of a test. */
const LONG = request(MAX_ROWS, 10_000);

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

async function failure(call: Promise<unknown>): Promise<ScoreStreamError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ScoreStreamError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

for (const way of WAYS) {
  test.serial(`${way.name}: a job whose connection is cut goes on where it was`, async (t) => {
    const target = way.host(t.context.server);
    const direct = way.connect(target);
    const expected = await direct.sample(request(2, 300)).images();
    await direct.close();
    await throughProxy(way, target, {}, async (client, proxy) => {
      // In the middle of an event, most likely, and well before the last.
      proxy.allowances.push(200, 300);
      const events: JobEvent[] = [];
      const images = await client.sample(request(2, 300)).images((event) => {
        events.push(event);
        if (event.event?.$case === "sampled") proxy.cut();
      });
      t.deepEqual(images, expected);
      t.true(proxy.connections >= 3, `${proxy.connections} connections`);
      const sequences = events.map(({ sequence }) => Number(sequence));
      t.true(sequences.every((sequence, i) => i === 0 || sequence > sequences[i - 1]!));
      const kinds = events.map(({ event }) => event?.$case);
      t.deepEqual([kinds[0], kinds.at(-1)], ["accepted", "completed"]);
      t.is(kinds.filter((kind) => kind === "sampled").length, 2);
      t.is(kinds.filter((kind) => kind === "accepted").length, 1);
    });
  });

  test.serial(`${way.name}: a request whose answer is lost is one job all the same`, async (t) => {
    const options = { retry: { attempts: 2 } };
    await throughProxy(way, way.host(t.context.server), options, async (client, proxy) => {
      await client.listModels();
      proxy.losesAnswer = true;
      // A second job of so many rows would find no room.
      for await (const { event } of client.sample(LONG)) {
        t.is(event?.$case, "accepted");
        break;
      }
      t.is(proxy.connections, 2);
    });
  });

  test.serial(`${way.name}: a request that finds no server waits for one`, async (t) => {
    await throughProxy(way, undefined, {}, async (client, proxy) => {
      const waiting = client.sample({ count: 2 }).images();
      while (proxy.refused < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      proxy.target = way.host(t.context.server);
      t.is((await waiting).length, 2);
    });
  });

  test.serial(`${way.name}: a server that stays away is the connection's error`, async (t) => {
    const options = { retry: { attempts: 3, maxDelayMs: 1 } };
    await throughProxy(way, way.host(t.context.server), options, async (client, proxy) => {
      let jobId = "";
      const error = await failure(
        (async () => {
          for await (const event of client.sample(LONG)) {
            jobId = event.jobId;
            proxy.target = undefined;
            proxy.cut();
          }
        })(),
      );
      t.deepEqual(
        [error.status, error.code, error.isConnectionLost],
        ["UNAVAILABLE", undefined, true],
      );
      t.true(proxy.refused >= 1);
      const other = way.connect(way.host(t.context.server));
      t.true((await other.cancel(jobId)).cancelled, "the job was detached");
      await other.close();
    });
  });

  test.serial(`${way.name}: without resuming, a cut ends the stream and the job`, async (t) => {
    const server = way.host(t.context.server);
    await throughProxy(way, server, { resume: false }, async (client, proxy) => {
      let jobId = "";
      const error = await failure(
        (async () => {
          for await (const event of client.sample(LONG)) {
            jobId = event.jobId;
            proxy.cut();
          }
        })(),
      );
      t.is(error.status, "UNAVAILABLE");
      t.is((await failure(drain(client.watch(jobId)))).code, "cancelled");
    });
  });

  test.serial(`${way.name}: leaving cancels a job, unless the caller detached it`, async (t) => {
    const client = way.connect(way.host(t.context.server));
    const jobs = [
      client.sample({ ...request(1, 10_000), options: {} }),
      client.sample({ ...request(1, 100), options: { detached: true } }),
    ];
    const ids: string[] = [];
    for (const job of jobs) {
      for await (const { jobId } of job) {
        ids.push(jobId);
        break;
      }
    }
    t.is((await failure(drain(client.watch(ids[0]!)))).code, "cancelled");
    await drain(client.watch(ids[1]!));
    await client.close();
  });

  test.serial(
    `${way.name}: closing the client cancels its jobs, and their readers learn it`,
    async (t) => {
      const client = way.connect(way.host(t.context.server));
      const other = way.connect(way.host(t.context.server));
      const events = client.sample(LONG)[Symbol.asyncIterator]();
      const first = await events.next();
      const pending = failure(drain({ [Symbol.asyncIterator]: () => events }));
      await client.close();
      const error = await pending;
      t.deepEqual([error.status, error.message], ["CANCELLED", "the client was closed"]);
      const jobId = first.done === true ? "" : first.value.jobId;
      t.is((await failure(drain(other.watch(jobId)))).code, "cancelled");
      await other.close();
    },
  );
}

test.serial("a watched job is come back to over gRPC too, without being asked", async (t) => {
  const { target } = t.context.server;
  const owner = connect(target);
  const job = owner.sample(request(2, 300));
  const events = job[Symbol.asyncIterator]();
  const first = await events.next();
  const jobId = first.done === true ? "" : first.value.jobId;
  const proxy = await startProxy(target);
  proxy.allowances.push(200);
  const watcher = connect(proxy.address);
  const kinds: unknown[] = [];
  for await (const { event } of watcher.watch(jobId)) kinds.push(event?.$case);
  t.is(kinds.at(-1), "completed");
  t.is(kinds.filter((kind) => kind === "accepted").length, 1);
  t.is(proxy.connections, 2);
  await drain({ [Symbol.asyncIterator]: () => events });
  await Promise.all([owner.close(), watcher.close()]);
  await proxy.close();
});

test.serial(
  "a frame that is too large fails alone when the server closes its socket",
  async (t) => {
    const client = connect(t.context.server.http);
    const job = client.sample(request(2, 1000)).images();
    const error = await failure(client.upload(new Uint8Array(2 * MAX_FRAME_BYTES), "image/png"));
    t.deepEqual([error.code, error.status], ["too-large", "RESOURCE_EXHAUSTED"]);
    t.regex(error.message, /^a frame of 32\d{3} bytes is more than/);
    t.is((await job).length, 2);
    await client.close();
  },
);
