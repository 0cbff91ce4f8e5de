import { once } from "node:events";
import test from "ava";
import { WebSocket } from "ws";
import { ClientFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ERROR_CODES, ServerError } from "../errors.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";
import { accepted, completed, preview } from "../testing/scripted-service.ts";
import { type Got, WsClient } from "../testing/ws-client.ts";
import { serveWs } from "./harness.ts";

/** The error of an answer, or undefined. */
function errorOf({
  frame,
}: Got): { code: string; grpcStatus: string; message: string } | undefined {
  return frame.response?.$case === "error" ? frame.response.value : undefined;
}

function casesOf(frames: readonly Got[]): (string | undefined)[] {
  return frames.map(({ frame: { response } }) =>
    response?.$case === "event" ? response.value.event?.$case : response?.$case,
  );
}

test("an answer comes in the kind of frame that its request came in", async (t) => {
  const { client, service } = await serveWs(t);
  client.sendJson({ id: "text", listModels: {} });
  client.sendBinary(
    ClientFrame.create({ id: "bytes", request: { $case: "listModels", value: {} } }),
  );
  const [first, second] = [await client.next(), await client.next()];
  t.deepEqual([first.kind, first.frame.id], ["text", "text"]);
  t.deepEqual([second.kind, second.frame.id], ["binary", "bytes"]);
  const expected = { $case: "models", value: service.listModels() };
  t.deepEqual(second.frame.response, expected);
  t.deepEqual(first.frame.response, expected);
});

test("jobs on one socket are told apart by id, each with its events in order", async (t) => {
  const { client, service } = await serveWs(t);
  client.sendJson({ id: "a", sample: { count: 2 } });
  client.sendBinary(ClientFrame.create({ id: "b", request: { $case: "sample", value: {} } }));
  client.sendJson({ id: "c", listModels: {} });
  await client.readAll("c"); // both have been started
  const [a, b] = service.jobs;
  b?.say(accepted());
  a?.say(accepted(), preview(3));
  b?.say(completed());
  a?.say(completed());
  const [ofA, ofB] = [await client.readAll("a"), await client.readAll("b")];
  t.deepEqual(casesOf(ofA), ["accepted", "preview", "completed"]);
  t.deepEqual(casesOf(ofB), ["accepted", "completed"]);
  t.deepEqual(new Set(ofA.map(({ kind }) => kind)), new Set(["text"]));
  t.deepEqual(new Set(ofB.map(({ kind }) => kind)), new Set(["binary"]));
  t.deepEqual(
    service.samples.map(({ count }) => count),
    [2, 0],
  );
});

test("an id in flight is refused and goes on; once its job has ended it may be used again", async (t) => {
  const { client, service } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "a", listModels: {} });
  const error = errorOf(await client.next());
  t.is(error?.code, "invalid-argument");
  t.regex(
    error?.message ?? "",
    /^id: seen "a", expected one that no request in flight on this socket has/,
  );
  service.jobs[0]?.run();
  t.deepEqual(casesOf(await client.readAll("a")), ["accepted", "completed"]);
  client.sendJson({ id: "a", listModels: {} });
  t.deepEqual(casesOf(await client.readAll("a")), ["models"]);
});

test("every error code arrives with its gRPC status, and the socket stays open", async (t) => {
  const { client, service } = await serveWs(t);
  for (const code of ERROR_CODES) {
    service.refusal = new ServerError(code, `why: ${code}`, {
      retryAfterMs: 1500,
      cause: "secret",
    });
    client.sendJson({ id: code, sample: {} });
    const got = await client.next();
    t.deepEqual(got.json, {
      id: code,
      error: { code, grpcStatus: GRPC_STATUS[code], message: `why: ${code}`, retryAfter: "1.5s" },
    });
  }
  client.sendJson({ id: "z", listModels: {} });
  t.deepEqual(casesOf([await client.next()]), ["models"]);
});

test("a job that fails or is cancelled ends with an error frame of its id", async (t) => {
  const { client, service } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", sample: {} });
  client.sendJson({ id: "c", cancel: { jobId: "job-1" } });
  t.deepEqual(
    (await client.readAll("c")).map(({ json }) => json),
    [{ id: "c", cancelled: { cancelled: true } }],
  );
  service.jobs[0]?.fail(new ServerError("worker-lost", "the worker died twice"));
  const [a, b] = [await client.readAll("a"), await client.readAll("b")];
  t.deepEqual(
    [...a, ...b].map((got) => errorOf(got)?.code),
    ["worker-lost", "cancelled"],
  );
});

test("a socket that closes leaves the jobs that it started, and only stops watching others", async (t) => {
  const { client, http, service } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", listModels: {} });
  await client.next();
  const other = await WsClient.connect(http.port);
  other.sendJson({ id: "w", watch: { jobId: "job-0" } });
  other.sendJson({ id: "s", sample: {} });
  other.sendJson({ id: "l", listModels: {} });
  await other.next();
  other.socket.close();
  const [watched, started] = service.jobs;
  await started?.left.promise;
  await watched?.stopped.promise;
  t.deepEqual([watched?.leaves, started?.leaves], [0, 1]);
  watched?.run();
  t.deepEqual(casesOf(await client.readAll("a")), ["accepted", "completed"]);
  client.socket.terminate();
  await client.closed;
  t.is(watched?.leaves, 0); // it had ended
});

test("watch sends what came after a sequence number", async (t) => {
  const { client, service } = await serveWs(t);
  service.onSample = (job) => job.run();
  client.sendJson({ id: "a", sample: {} });
  await client.readAll("a");
  client.sendJson({ id: "b", watch: { jobId: "job-0", afterSequence: "1" } });
  t.deepEqual(casesOf(await client.readAll("b")), ["completed"]);
});

test("a frame over the limit closes with 1009, and the server goes on", async (t) => {
  const { client, http, service } = await serveWs(t, { maxFrameBytes: 2048 });
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", sample: { model: "x".repeat(3000) } });
  t.is((await client.closed).code, 1009);
  await service.jobs[0]?.left.promise;
  const next = await WsClient.connect(http.port);
  next.sendJson({ id: "a", listModels: {} });
  t.deepEqual(casesOf([await next.next()]), ["models"]);
  next.socket.terminate();
});

test("too many requests in flight on one socket are refused", async (t) => {
  const { client } = await serveWs(t, { maxRows: 1 });
  for (let i = 0; i < 1024; i++) client.sendJson({ id: `${i}`, sample: {} });
  client.sendJson({ id: "over", sample: {} });
  const error = errorOf(await client.next());
  t.is(error?.code, "queue-full");
  t.regex(error?.message ?? "", /1024/);
});

for (const path of ["/", "/v1/streams", "/v1/stream/x"]) {
  test(`an upgrade of ${path} is 404`, async (t) => {
    const { http } = await serveWs(t);
    const socket = new WebSocket(`ws://127.0.0.1:${http.port}${path}`);
    const [error] = await once(socket, "error").catch((thrown: unknown) => [thrown]);
    t.regex(String(error), /404/);
  });
}

test("a peer that answers no ping is dropped and its jobs are left", async (t) => {
  const { http, service } = await serveWs(t, {}, 200);
  const dead = new WebSocket(`ws://127.0.0.1:${http.port}/v1/stream`, { autoPong: false });
  await once(dead, "open");
  dead.send('{"id":"a","sample":{}}');
  const [code] = await once(dead, "close");
  t.is(code, 1006);
  await service.jobs[0]?.left.promise;
  t.is(service.jobs[0]?.leaves, 1);
});

test("a peer that answers pings stays", async (t) => {
  const { client } = await serveWs(t, {}, 1000);
  for (let ping = 0; ping < 3; ping++) await once(client.socket, "ping");
  client.sendJson({ id: "a", listModels: {} });
  t.deepEqual(casesOf([await client.next()]), ["models"]);
});
