import { once as eventOf } from "node:events";
import { status } from "@grpc/grpc-js";
import test from "ava";
import { SampleRequest, WatchRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { listModels, once, readAll, trailer } from "../testing/grpc-client.ts";
import { accepted, completed, preview } from "../testing/scripted-service.ts";
import { serveGrpc } from "./harness.ts";

const anything = SampleRequest.create();

test("ListModels answers with the service's models", async (t) => {
  const { client, service } = await serveGrpc(t);
  t.deepEqual(await listModels(client), service.listModels());
});

test("Sample hands on the request and streams the events in order", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted(), preview(5), completed());
  const request = SampleRequest.create({ model: "m", count: 3, seed: 18_446_744_073_709_551_615n });
  const { events, status: end } = await readAll(client.sample(request));
  t.deepEqual(service.samples, [request]);
  t.deepEqual(
    events.map(({ sequence, event }) => [sequence, event?.$case]),
    [
      [1n, "accepted"],
      [2n, "preview"],
      [3n, "completed"],
    ],
  );
  t.is(end.code, status.OK);
  t.is(service.jobs[0]?.leaves, 0);
});

test("a job that fails ends the stream with its error, after its events", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => {
    job.say(accepted());
    job.fail(new ServerError("nonfinite-output", "model m, time 0.5, step 3: the output is NaN"));
  };
  const { events, status: end } = await readAll(client.sample(anything));
  t.is(events.length, 1);
  t.is(end.code, status.INTERNAL);
  t.is(end.details, "model m, time 0.5, step 3: the output is NaN");
  t.is(trailer(end, "scorestream-code"), "nonfinite-output");
});

test("a caller that cancels leaves its job, once", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted());
  const stream = client.sample(anything);
  const ended = readAll(stream);
  await eventOf(stream, "data");
  stream.cancel();
  await service.jobs[0]?.left.promise;
  await service.jobs[0]?.stopped.promise;
  t.is((await ended).status.code, status.CANCELLED);
  t.is(service.jobs[0]?.leaves, 1);
});

test("a caller whose deadline passes leaves its job", async (t) => {
  const { client, service } = await serveGrpc(t);
  await listModels(client);
  // Until the server has got to it before its deadline: a loaded machine may take its time.
  for (let ms = 100; service.jobs.length === 0; ms *= 2) {
    const ended = readAll(client.sample(anything, { deadline: Date.now() + ms }));
    t.is((await ended).status.code, status.DEADLINE_EXCEEDED);
  }
  await service.jobs[0]?.left.promise;
  t.is(service.jobs[0]?.leaves, 1);
});

test("a watcher that leaves cancels nothing", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted());
  const owner = client.sample(anything);
  const all = readAll(owner);
  await eventOf(owner, "data");
  const watcher = client.watch(WatchRequest.create({ jobId: "job-0" }));
  void readAll(watcher);
  await eventOf(watcher, "data");
  watcher.cancel();
  const job = service.jobs[0];
  await job?.stopped.promise;
  job?.say(completed());
  t.is((await all).status.code, status.OK);
  t.is(job?.leaves, 0);
});

test("Watch sends what came after a sequence number", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => job.say(accepted(), preview(1), completed());
  await readAll(client.sample(anything));
  const request = WatchRequest.create({ jobId: "job-0", afterSequence: 1n });
  const { events } = await readAll(client.watch(request));
  t.deepEqual(
    events.map(({ sequence }) => sequence),
    [2n, 3n],
  );
});

test("Cancel ends the job's stream as cancelled", async (t) => {
  const { client } = await serveGrpc(t);
  const ended = readAll(client.sample(anything));
  // The server opens streams in the order in which it gets them.
  t.deepEqual(await once((answer) => client.cancel({ jobId: "job-0", rows: [] }, answer)), {
    cancelled: true,
    rows: [],
  });
  const { status: end } = await ended;
  t.is(end.code, status.CANCELLED);
  t.is(trailer(end, "scorestream-code"), "cancelled");
});

test("a reader that stops gets no more than HTTP/2 holds, and the rest when it goes on", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = (job) => job.sayForever(preview(65_536));
  const stream = client.sample(anything);
  stream.on("error", () => undefined);
  await eventOf(stream, "data");
  stream.pause();
  // Each round trip gives the server a turn in which it could pull more.
  for (let turn = 0; turn < 50; turn++) await listModels(client);
  const pulled = service.jobs[0]?.pulls ?? 0;
  // The client's stream holds 16 messages, HTTP/2's window one, the server one. A server that waited for its own
  // stream's "drain" would hold another 16.
  t.true(pulled <= 24, `${pulled} events pulled`);
  stream.resume();
  let more = 0;
  while (more < 30) {
    await eventOf(stream, "data");
    more++;
  }
  t.true((service.jobs[0]?.pulls ?? 0) > pulled);
  stream.cancel();
  await service.jobs[0]?.left.promise;
});
