import test from "ava";
import { ClientFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { deferred } from "../testing/deferred.ts";
import { accepted, preview } from "../testing/scripted-service.ts";
import { floatUpload, uploadJson } from "../testing/uploads.ts";
import type { Got } from "../testing/ws-client.ts";
import { serveWs } from "./harness.ts";

/** What answers say: an event's kind, an error's code, or whether a request was left. */
function said({ frame: { response } }: Got): unknown {
  if (response?.$case === "event") return response.value.event?.$case;
  if (response?.$case === "error") return response.value.code;
  return response?.$case === "left" ? response.value.left : response?.$case;
}

test("a request that is left is answered for the last time, its job is left, and others go on", async (t) => {
  const { client, service } = await serveWs(t);
  service.onSample = (job) => job.say(accepted());
  for (const id of ["a", "b", "c"]) client.sendJson({ id, sample: {} });
  for (const id of ["a", "b", "c"]) await client.nextOf(id);
  client.sendJson({ id: "a", leave: {} });
  client.sendBinary(
    ClientFrame.create({ id: "b", request: { $case: "leave", value: { forGood: true } } }),
  );
  t.deepEqual((await client.nextOf("a")).json, { id: "a", left: { left: true } });
  const left = await client.nextOf("b");
  t.deepEqual([left.kind, said(left)], ["binary", true]);
  const seen = service.jobs.map(({ leaves, leavesForGood }) => [leaves, leavesForGood]);
  t.deepEqual(seen, [
    [1, 0],
    [1, 1],
    [0, 0],
  ]);
  for (const job of service.jobs) job.run();
  t.deepEqual((await client.readAll("c")).map(said), ["accepted", "completed"]);
  client.sendJson({ id: "a", listModels: {} });
  t.deepEqual(said(await client.next()), "models", "nothing more came of those that were left");
  client.socket.terminate();
  await client.closed;
  t.deepEqual(
    service.jobs.map(({ leaves }) => leaves),
    [1, 1, 0],
  );
});

test("a watch that is left stops, and its job is not left", async (t) => {
  const { client, service } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "m", listModels: {} });
  await client.nextOf("m");
  client.sendJson({ id: "w", watch: { jobId: "job-0" } });
  const [job] = service.jobs;
  job?.say(accepted());
  t.is(said(await client.nextOf("w")), "accepted");
  t.is(job?.watchers, 1);
  client.sendJson({ id: "w", leave: {} });
  t.is(said(await client.nextOf("w")), true);
  t.deepEqual([job?.watchers, job?.leaves], [0, 0]);
  job?.say(preview(3));
  job?.run();
  await client.readAll("a");
  client.sendJson({ id: "m", listModels: {} });
  t.is(said(await client.next()), "models");
});

test("an id that is not in flight, or no longer, is told so and nothing else happens", async (t) => {
  const { client, service } = await serveWs(t);
  service.onSample = (job) => job.run();
  client.sendJson({ id: "a", leave: { forGood: true } });
  t.deepEqual((await client.next()).json, { id: "a", left: {} });
  client.sendJson({ id: "a", sample: {} });
  await client.readAll("a");
  client.sendJson({ id: "a", leave: {} });
  t.is(said(await client.next()), false);
  t.is(service.jobs[0]?.leaves, 0);
});

for (const refusal of [undefined, new ServerError("queue-full", "full")]) {
  const outcome = refusal === undefined ? "begins" : "is refused";
  test(`a request that is left while it is checked is over when that is done, and ${outcome} unheard`, async (t) => {
    const { client, service } = await serveWs(t);
    const checked = deferred<void>();
    const sample = service.sample.bind(service);
    service.sample = async (request) => {
      await checked.promise;
      service.refusal = refusal;
      return await sample(request);
    };
    client.sendJson({ id: "a", sample: {} });
    client.sendJson({ id: "a", leave: { forGood: true } });
    client.sendJson({ id: "a", leave: {} });
    t.is(said(await client.next()), false, "the second one");
    client.sendJson({ id: "a", listModels: {} });
    t.is(said(await client.next()), "invalid-argument", "the id is not free yet");
    checked.resolve();
    t.is(said(await client.next()), true);
    const seen = service.jobs.map(({ leaves, leavesForGood }) => [leaves, leavesForGood]);
    t.deepEqual(seen, refusal === undefined ? [[1, 1]] : []);
    client.sendJson({ id: "a", listModels: {} });
    t.is(said(await client.next()), "models");
  });
}

test("an upload that is left gives back its room at once", async (t) => {
  const { client, service } = await serveWs(t);
  const [header, chunk] = floatUpload(5, 1).parts.map(uploadJson);
  client.sendJson({ id: "u", upload: header });
  client.sendJson({ id: "u", leave: {} });
  t.is(said(await client.next()), true);
  await service.uploadAborted.promise;
  client.sendJson({ id: "u", upload: chunk });
  t.is(said(await client.next()), "invalid-argument", "a chunk without a header");
});

test("a request that is left makes room on its socket", async (t) => {
  const { client, service } = await serveWs(t, { maxRows: 1 });
  service.onSample = (job) => job.say(accepted());
  for (let i = 0; i < 1024; i++) client.sendJson({ id: `${i}`, sample: {} });
  for (let i = 0; i < 1024; i++) await client.next();
  client.sendJson({ id: "over", sample: {} });
  t.is(said(await client.next()), "queue-full");
  client.sendJson({ id: "7", leave: {} });
  t.is(said(await client.next()), true);
  client.sendJson({ id: "over", sample: {} });
  t.is(said(await client.next()), "accepted");
});
