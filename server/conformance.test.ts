import type { ClientReadableStream } from "@grpc/grpc-js";
import anyTest, { type TestFn } from "ava";
import {
  ImageFormat,
  type JobEvent,
  SampleRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import { messageType } from "./requests/contract.ts";
import { GRPC_STATUS } from "./requests/grpc-status.ts";
import type { RunningServer } from "./start.ts";
import { badSample } from "./testing/bad-request.ts";
import { BAD_FRAMES, BAD_REQUESTS } from "./testing/conformance-rows.ts";
import { BAD_TASKS } from "./testing/conformance-tasks.ts";
import { connectFronts, errorOf, type Front } from "./testing/front.ts";
import { connectGrpc, once, readAll } from "./testing/grpc-client.ts";
import { SERVED_MODEL, SMALL_TENANT, startService } from "./testing/start-service.ts";
import { type Got, WsClient } from "./testing/ws-client.ts";
import { toProto3Json } from "./ws/write-json.ts";

interface Context {
  readonly server: RunningServer;
  readonly fronts: readonly Front[];
}

// One server and one connection of each kind for all: what a bad request breaks, the tests after it see.
const test = anyTest.serial as TestFn<Context>;

test.before(async (t) => {
  const server = await startService();
  t.context = { server, fronts: await connectFronts(server) };
});

test.after.always(async (t) => {
  for (const front of t.context.fronts) front.close();
  await t.context.server.close();
});

for (const row of [...BAD_REQUESTS, ...BAD_TASKS]) {
  test(`${row.name} is refused alike by every front end, and the connection serves on`, async (t) => {
    let asked = 0;
    for (const front of t.context.fronts) {
      const refusal = await front.refused(row);
      if (refusal === undefined) continue;
      asked++;
      t.is(refusal.code, row.code, `${front.name}: ${refusal.message}`);
      t.is(refusal.grpcStatus, GRPC_STATUS[row.code], front.name);
      t.regex(refusal.message, row.message, front.name);
      t.deepEqual(await front.models(), [SERVED_MODEL], front.name);
    }
    t.is(asked, (row.json === undefined ? 0 : 1) + (row.bytes === undefined ? 0 : 2));
  });
}

for (const { name, frame, code, message } of BAD_FRAMES) {
  test(`${name} is an error frame, and the socket stays open`, async (t) => {
    const client = await WsClient.connect(t.context.server.httpPort);
    client.send(frame);
    const got = await client.next();
    t.is(got.kind, typeof frame === "string" ? "text" : "binary");
    t.is(errorOf(got).code, code);
    t.regex(errorOf(got).message, message);
    client.sendJson({ id: "b", listModels: {} });
    t.is((await client.next()).frame.response?.$case, "models");
    client.socket.terminate();
  });
}

test("what is too big closes the socket with 1009, ends the call alone, and the server goes on", async (t) => {
  const { server, fronts } = t.context;
  const model = "x".repeat(5 * 1024 * 1024);
  const socket = await WsClient.connect(server.httpPort);
  socket.sendJson({ id: "a", sample: { model } });
  t.is((await socket.closed).code, 1009);
  const [grpc] = fronts;
  const bytes = SampleRequest.encode(SampleRequest.create({ model })).finish();
  const row = {
    name: "",
    call: "sample",
    bytes,
    code: "too-large",
    message: /larger than max/,
  } as const;
  const refusal = await grpc?.refused(row);
  t.is(refusal?.grpcStatus, GRPC_STATUS[row.code]);
  t.regex(refusal?.message ?? "", row.message);
  for (const front of fronts) t.deepEqual(await front.models(), [SERVED_MODEL], front.name);
});

test("a good request gives the same picture on every front end", async (t) => {
  const { server } = t.context;
  const request = SampleRequest.fromPartial({
    seed: 7n,
    sampler: { method: { $case: "predictorCorrector", value: { steps: 10 } } },
    format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
  });
  const client = connectGrpc(server.grpcPort);
  const { events } = await readAll(client.sample(request));
  client.close();
  const socket = await WsClient.connect(server.httpPort);
  socket.sendJson({ id: "text", sample: SampleRequest.toJSON(request) });
  const text = await socket.readAll("text");
  socket.sendBinary({ id: "binary", request: { $case: "sample", value: request } });
  const binary = await socket.readAll("binary");
  socket.socket.terminate();
  const pictures = events.flatMap(({ event }) =>
    event?.$case === "sampled" && event.value.image ? [event.value.image.data] : [],
  );
  t.is(pictures.length, 1);
  t.deepEqual(text.flatMap(picturesOf), pictures);
  t.deepEqual(binary.flatMap(picturesOf), pictures);
});

test("a request that is fitted to its deadline says so alike on every front end", async (t) => {
  const { server } = t.context;
  // Many times more evaluations than there is time for; the ladder's first rung takes a thousandth of them.
  const request = SampleRequest.fromPartial({
    count: 64,
    sampler: {
      method: { $case: "annealedLangevin", value: { scales: 10_000, stepsPerScale: 100 } },
    },
    options: { deadline: { seconds: 60n }, fitToDeadline: true },
  });
  const client = connectGrpc(server.grpcPort);
  const { events } = await readAll(client.sample(request));
  client.close();
  const socket = await WsClient.connect(server.httpPort);
  const json = toProto3Json(messageType("SampleRequest"), SampleRequest.toJSON(request));
  socket.sendJson({ id: "text", sample: json });
  const text = await socket.readAll("text");
  socket.sendBinary({ id: "binary", request: { $case: "sample", value: request } });
  const binary = await socket.readAll("binary");
  socket.socket.terminate();
  for (const all of [events, text.flatMap(eventsOf), binary.flatMap(eventsOf)]) {
    const said = all.flatMap(({ event }) =>
      event?.$case === "accepted" || event?.$case === "completed" ? [event.value.adjusted] : [],
    );
    const adjusted =
      "predictor_corrector/euler-maruyama with 1000 steps in place of annealed_langevin with 10000 steps";
    t.deepEqual(said, [adjusted, adjusted]);
  }
});

test("a job that waits says where it stands on every front end, and to who watches it", async (t) => {
  const { server } = t.context;
  const sampler = {
    method: { $case: "predictorCorrector", value: { predictor: "euler-maruyama", steps: 10_000 } },
  } as const;
  const busy = await WsClient.connect(server.httpPort);
  // As many rows as have registers at once, and one that waits.
  const request = SampleRequest.fromPartial({ count: 129, sampler });
  busy.sendBinary({ id: "busy", request: { $case: "sample", value: request } });
  await busy.next();
  const waiting = SampleRequest.fromPartial({ sampler, options: { detached: true } });
  const client = connectGrpc(server.grpcPort);
  const overGrpc = await firstEvents(client.sample(waiting));
  const socket = await WsClient.connect(server.httpPort);
  const json = toProto3Json(messageType("SampleRequest"), SampleRequest.toJSON(waiting));
  socket.sendJson({ id: "text", sample: json });
  const text = [await socket.next(), await socket.next()];
  socket.sendBinary({ id: "binary", request: { $case: "sample", value: waiting } });
  const binary = [await socket.next(), await socket.next()];
  const seen = [overGrpc, text.flatMap(eventsOf), binary.flatMap(eventsOf)];
  for (const [jobs, events] of seen.entries()) {
    t.is(events[0]?.event?.$case, "accepted");
    const queued = events[1]?.event;
    if (queued?.$case !== "queued") return t.fail(`${queued?.$case}`);
    t.is(queued.value.rowsAhead, BigInt(1 + jobs));
    const jobId = events[0]?.jobId ?? "";
    const [again] = await firstEvents(client.watch({ jobId, afterSequence: 1n, partBytes: 0 }), 1);
    t.is(again?.event?.$case, "queued");
  }
  const words = JSON.stringify(text[1]?.json);
  t.regex(words, /"queued":\{"rowsAhead":"2","expectedWait":"\d+(\.\d+)?s","expectedDuration":"\d/);
  for (const [{ jobId } = { jobId: "" }] of seen) {
    await once((answer) => client.cancel({ jobId, rows: [] }, answer));
  }
  client.close();
  socket.socket.terminate();
  busy.socket.terminate();
});

/** The first events of a stream, which is then left. */
async function firstEvents(stream: ClientReadableStream<JobEvent>, count = 2): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  stream.on("error", () => undefined); // that it was left
  for await (const event of stream) {
    events.push(event as JobEvent);
    if (events.length === count) break;
  }
  return events;
}

test("a tenant's bound is named alike by every front end, with a time to come back", async (t) => {
  const { server, fronts } = t.context;
  const socket = await WsClient.connect(server.httpPort);
  const value = { predictor: "euler-maruyama", corrector: "none", steps: 10_000 };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  const options = { tenant: SMALL_TENANT };
  const request = SampleRequest.fromPartial({ count: 2, sampler, options });
  socket.sendBinary({ id: "long", request: { $case: "sample", value: request } });
  await socket.next();
  const row = badSample("", { options }, [
    "queue-full",
    /^the queue is full: 2 of 2 rows of tenant "small" are taken and the job asks for 1 /,
  ]);
  for (const front of fronts) {
    const refusal = await front.refused(row);
    t.is(refusal?.code, row.code, `${front.name}: ${refusal?.message}`);
    t.regex(refusal?.message ?? "", row.message, front.name);
  }
  const client = connectGrpc(server.grpcPort);
  const { status } = await readAll(client.sample(SampleRequest.fromPartial({ options })));
  t.true(Number(status.metadata.get("retry-after-ms")[0]) >= 100);
  client.close();
  socket.socket.terminate();
});

function eventsOf({ frame: { response } }: Got): JobEvent[] {
  return response?.$case === "event" ? [response.value] : [];
}

function picturesOf({ frame: { response } }: Got): Buffer[] {
  const event = response?.$case === "event" ? response.value.event : undefined;
  return event?.$case === "sampled" && event.value.image ? [event.value.image.data] : [];
}
