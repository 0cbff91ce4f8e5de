import anyTest, { type TestFn } from "ava";
import { WebSocket } from "ws";
import { ClientFrame, ServerFrame } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "./connect.ts";
import type { ClientOptions } from "./core/call-options.ts";
import { Client } from "./core/client.ts";
import { ScoreStreamError } from "./core/scorestream-error.ts";
import { type Socket, socketUrl } from "./core/socket.ts";
import { SocketTransport } from "./core/socket-transport.ts";
import { startProxy } from "./testing/proxy.ts";
import { type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest.serial as TestFn<SpawnedServer>;

test.before(async (t) => {
  t.context = await spawnServer(["gaussian-mixture-vp"], []);
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.stop(), [0, null]);
});

function request(steps: number, idempotencyKey = "") {
  return {
    sampler: { method: { $case: "predictorCorrector", value: { steps } } },
    options: { idempotencyKey },
  } as const;
}

/** Runs for longer than a test. */
const ENDLESS = 10_000;

/** The id of the job that an event is of. */
async function firstOf(events: AsyncIterator<{ jobId: string }>): Promise<string> {
  const { done, value } = await events.next();
  return done === true ? "" : value.jobId;
}

/** The code that a job ends with; to be asked when it must have ended. */
async function endOf(client: Client, jobId: string): Promise<string | undefined> {
  try {
    for await (const _ of client.watch(jobId));
  } catch (error) {
    if (error instanceof ScoreStreamError) return error.code;
    throw error;
  }
  return undefined;
}

/**
 * A client over a WebSocket, and what goes over it under which id: `> 1 sample`, `< 1 event`.
 *
 * @param onFrame hears of each frame as it comes or goes
 */
function listen(http: string, options: ClientOptions = {}, onFrame = (_: string) => {}) {
  const frames: string[] = [];
  let wake = (): void => {};
  const note = (frame: string): void => {
    frames.push(frame);
    wake();
    onFrame(frame);
  };
  const open = (url: string): Socket => {
    const socket = new WebSocket(url);
    socket.on("message", (bytes: ArrayBuffer) => {
      const { id, response } = ServerFrame.decode(new Uint8Array(bytes));
      note(`< ${id} ${response?.$case}`);
    });
    const send = socket.send.bind(socket);
    socket.send = (bytes: Uint8Array) => {
      const { id, request: asked } = ClientFrame.decode(bytes);
      note(`> ${id} ${asked?.$case}`);
      send(bytes);
    };
    return socket;
  };
  const client = new Client(new SocketTransport(socketUrl(http), open), options);
  /** Resolves when such a frame has gone or come. */
  const seen = async (frame: string): Promise<void> => {
    while (!frames.includes(frame)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { client, frames, seen };
}

test("of a watch that is left nothing more comes, and the job goes on", async (t) => {
  const owner = connect(t.context.http);
  const events = owner.sample(request(ENDLESS))[Symbol.asyncIterator]();
  const jobId = await firstOf(events);
  const { client, frames, seen } = listen(t.context.http);
  for await (const { event } of client.watch(jobId)) if (event?.$case === "progress") break;
  await seen("< 1 left");
  const answered = frames.indexOf("< 1 left");
  // The job says two things more, and then the watcher's socket has had time for them, too.
  for (let progress = 0; progress < 2; progress++) await events.next();
  await client.listModels();
  t.deepEqual(
    frames.slice(answered + 1).filter((frame) => frame.startsWith("< 1 ")),
    [],
  );
  t.true((await owner.cancel(jobId)).cancelled);
  await Promise.all([owner.close(), client.close()]);
});

for (const resume of [true, false]) {
  const how = resume ? "that survives its connection" : "that its connection ends";
  test(`a job ${how} is shared by a key, and ends with the last who leaves it`, async (t) => {
    const key = `shared ${resume}`;
    const one = listen(t.context.http, { resume });
    const other = connect(t.context.http, { resume });
    const mine = one.client.sample(request(ENDLESS, key))[Symbol.asyncIterator]();
    const its = other.sample(request(ENDLESS, key))[Symbol.asyncIterator]();
    const jobId = await firstOf(mine);
    t.is(await firstOf(its), jobId);
    await mine.return?.();
    t.false(one.frames.some((frame) => frame.endsWith("cancel")));
    await one.seen("< 1 left");
    for (let more = 0; more < 2; more++) t.is(await firstOf(its), jobId, "it goes on");
    await its.return?.();
    t.is(await endOf(other, jobId), "cancelled");
    await Promise.all([one.client.close(), other.close()]);
  });
}

test("a signal that is given before the first event ends the job that was asked for", async (t) => {
  const abort = new AbortController();
  const onFrame = (frame: string): void => {
    if (frame === "> 1 sample") queueMicrotask(() => abort.abort());
  };
  const { client, frames } = listen(t.context.http, {}, onFrame);
  const asked = request(ENDLESS, "before the first event");
  await t.throwsAsync(client.sample(asked, { signal: abort.signal }).images(), {
    message: "the call was ended by its signal",
  });
  await client.close();
  // An event may have been on its way.
  const others = frames.filter((frame) => frame !== "< 1 event");
  t.deepEqual(others, ["> 1 sample", "> 1 leave", "< 1 left"]);
});

test("a job whose connection is lost, and which is left before it is back, ends", async (t) => {
  const proxy = await startProxy(new URL(t.context.http).host);
  const client = connect(`ws://${proxy.address}`);
  const direct = connect(t.context.http);
  const events = client.sample(request(ENDLESS))[Symbol.asyncIterator]();
  const jobId = await firstOf(events);
  proxy.cut();
  await events.return?.();
  t.is(await endOf(direct, jobId), "cancelled");
  await Promise.all([client.close(), direct.close()]);
  await proxy.close();
});

test("an upload that a signal ends is left, and its room is free", async (t) => {
  const abort = new AbortController();
  const onFrame = (frame: string): void => {
    if (frame === "> 1 upload") abort.abort();
  };
  const { client, frames, seen } = listen(t.context.http, {}, onFrame);
  const upload = client.upload(new Uint8Array(2 ** 22), "image/png", { signal: abort.signal });
  await t.throwsAsync(upload, { message: "the call was ended by its signal" });
  await seen("< 1 left");
  t.deepEqual(frames, ["> 1 upload", "> 1 leave", "< 1 left"]);
  await client.close();
});
