import anyTest, { type TestFn } from "ava";
import {
  CancelRequest,
  type CancelResponse,
  type JobEvent,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import type { RunningServer } from "./start.ts";
import { sampleRequest } from "./testing/clients.ts";
import { connectFronts } from "./testing/front.ts";
import { connectGrpc, once, readAll } from "./testing/grpc-client.ts";
import { startService } from "./testing/start-service.ts";
import { WsClient } from "./testing/ws-client.ts";

const test = anyTest.serial as TestFn<RunningServer>;

test.before(async (t) => {
  t.context = await startService({ threads: 1 });
});

test.after.always((t) => t.context.close());

function rowsOf(events: readonly JobEvent[], $case: "sampled" | "rowCancelled"): number[] {
  return events
    .flatMap(({ event }) => (event?.$case === $case ? [event.value.row] : []))
    .sort((a, b) => a - b);
}

test("images of a job are cancelled on every front end, and the job ends with the others", async (t) => {
  const grpc = connectGrpc(t.context.grpcPort);
  const socket = await WsClient.connect(t.context.httpPort);
  let ids = 0;
  const overSocket = async (kind: "text" | "binary", value: CancelRequest) => {
    const id = `${kind} ${ids++}`;
    if (kind === "binary") socket.sendBinary({ id, request: { $case: "cancel", value } });
    else socket.sendJson({ id, cancel: { job_id: value.jobId, rows: value.rows } });
    const { response } = (await socket.nextOf(id)).frame;
    if (response?.$case !== "cancelled") throw new Error(`${response?.$case}`);
    return response.value;
  };
  const fronts: readonly [string, (value: CancelRequest) => Promise<CancelResponse>][] = [
    ["gRPC", (value) => once((answer) => grpc.cancel(value, answer))],
    ["text", (value) => overSocket("text", value)],
    ["binary", (value) => overSocket("binary", value)],
  ];
  for (const [name, cancel] of fronts) {
    const stream = grpc.sample(sampleRequest(1500, 4));
    const ended = readAll(stream);
    const jobId = await new Promise<string>((resolve) => {
      stream.once("data", (event: JobEvent) => resolve(event.jobId));
    });
    const answer = await cancel({ jobId, rows: [3, 1, 3] });
    t.deepEqual(answer, { cancelled: true, rows: [1, 3] }, name);
    t.deepEqual(await cancel({ jobId, rows: [1] }), { cancelled: false, rows: [] }, name);
    const { events, status } = await ended;
    t.is(status.code, 0, name);
    t.deepEqual(rowsOf(events, "sampled"), [0, 2], name);
    t.deepEqual(rowsOf(events, "rowCancelled"), [1, 3], name);
    const last = events.at(-1)?.event;
    t.deepEqual(last?.$case === "completed" && last.value.cancelledRows, [1, 3], name);
    t.deepEqual(await cancel({ jobId, rows: [0, 3] }), { cancelled: false, rows: [] }, name);
  }
  grpc.close();
  socket.socket.terminate();
});

test("an image that the job does not have is refused alike by every front end, and cancels none", async (t) => {
  const grpc = connectGrpc(t.context.grpcPort);
  const stream = grpc.sample(sampleRequest(1500, 4));
  const ended = readAll(stream);
  const jobId = await new Promise<string>((resolve) => {
    stream.once("data", (event: JobEvent) => resolve(event.jobId));
  });
  const job = CancelRequest.encode({ jobId, rows: [] }).finish();
  const rows = (...bytes: number[]): Uint8Array => Uint8Array.from([...job, ...bytes]);
  const bad = [
    {
      json: { jobId, rows: [0, 4] },
      bytes: rows(0x12, 2, 0, 4),
      message: /^rows\[1\]: seen 4, expected 0 to 3: the job has 4 images$/,
    },
    // Field 2, not packed: an older way to write a list, which readers must take.
    { bytes: rows(0x10, 0, 0x10, 7), message: /^rows\[1\]: seen 7, expected 0 to 3/ },
    {
      bytes: rows(0x12, 6, 0, 0x80, 0x80, 0x80, 0x80, 0x10),
      message: /^rows: seen 4294967296, expected/,
    },
    { json: { jobId, rows: [0, -1] }, message: /^rows\[1\]: seen -1, expected/ },
    { json: { jobId, rows: 2 }, message: /^rows: seen 2, expected an array/ },
  ] as const;
  const fronts = await connectFronts(t.context);
  for (const each of bad) {
    for (const front of fronts) {
      const row = { name: "", call: "cancel", code: "invalid-argument", ...each } as const;
      const refusal = await front.refused(row);
      if (refusal === undefined) continue;
      t.is(refusal.code, row.code, `${front.name}: ${refusal.message}`);
      t.regex(refusal.message, row.message, front.name);
    }
  }
  t.deepEqual(rowsOf((await ended).events, "sampled"), [0, 1, 2, 3]);
  for (const front of fronts) front.close();
  grpc.close();
});
