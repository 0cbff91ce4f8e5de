import { once } from "node:events";
import test from "ava";
import { completed, preview } from "../testing/scripted-service.ts";
import { serveWs } from "./harness.ts";

const KIB = 1024;
/** What the kernel's buffers of one connection on this machine may hold, generously. */
const KERNEL_BYTES = 16 * KIB * KIB;

test("a reader that stops gets a bounded number of events, and is closed with 1008 and its job left", async (t) => {
  const { client, service } = await serveWs(t, {
    maxSocketBufferBytes: 256 * KIB,
    slowReaderS: 0.3,
  });
  service.onSample = (job) => job.sayForever(preview(64 * KIB));
  client.socket.send('{"id":"a","sample":{}}');
  client.socket.pause();
  while (service.jobs.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [job] = service.jobs;
  await job?.left.promise;
  const pulled = (job?.pulls ?? 0) * 64 * KIB;
  t.true(pulled < KERNEL_BYTES, `${pulled} bytes pulled`);
  client.socket.resume(); // reads what was on its way, then the close
  // As docs/protocol.md has it for a slow reader.
  t.is((await client.closed).code, 1008);
  await t.throwsAsync(client.nextOf("b"), { message: /closed with 1008/ });
});

test("a reader that stops for a while gets the rest when it goes on", async (t) => {
  const { client, service } = await serveWs(t, { maxSocketBufferBytes: 64 * KIB });
  service.onSample = (job) => job.sayForever(preview(64 * KIB));
  client.sendJson({ id: "a", sample: {} });
  await client.next();
  client.socket.pause();
  const [job] = service.jobs;
  // Until the server has stopped pulling: a hundred turns without an event.
  for (let still = 0, last = 0; still < 100; still++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (job?.pulls !== last) still = 0;
    last = job?.pulls ?? 0;
  }
  const pulled = job?.pulls ?? 0;
  client.socket.resume();
  for (let more = 0; more < pulled + 10; more++) await client.next();
  t.true((job?.pulls ?? 0) > pulled);
});

test("a peer that sends requests and reads no answers does not fill the server's memory", async (t) => {
  const { client, service } = await serveWs(t, { maxSocketBufferBytes: 16 * KIB });
  let asked = 0;
  const { models } = service.listModels();
  const [model] = models;
  service.listModels = () => {
    asked++;
    const many = Array.from({ length: 300 }, () => model).flatMap((each) => each ?? []);
    return { models: many, devices: [] };
  };
  client.socket.pause();
  // Each answer is some 30 KiB: 64 MiB of them could not all be on their way.
  for (let i = 0; i < 2000; i++) client.sendJson({ id: `${i}`, listModels: {} });
  for (let still = 0, last = 0; still < 200; still++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (asked !== last) still = 0;
    last = asked;
  }
  t.true(asked < 1000, `${asked} answers made`);
  client.socket.resume();
  for (let i = 0; i < 2000; i++) await client.next();
  t.is(asked, 2000);
});

test("draining: an idle socket closes with 1001, a busy one after its last request", async (t) => {
  const { client, service, sockets } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", listModels: {} });
  await client.next();
  const closed = sockets.close(60_000);
  service.jobs[0]?.say(completed());
  t.is((await client.readAll("a")).length, 1);
  t.is((await client.closed).code, 1001);
  await closed;
  t.is(service.jobs[0]?.leaves, 0);
});

test("draining: a request that does not end in time is left, and a late one is not started", async (t) => {
  const { client, service, sockets } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", listModels: {} });
  await client.next();
  const closed = sockets.close(0);
  client.socket.on("close", () => undefined);
  await service.jobs[0]?.left.promise;
  client.sendJson({ id: "late", sample: {} });
  t.is((await client.closed).code, 1001);
  await closed;
  t.is(service.jobs.length, 1);
});

test("a new socket is refused while the server drains", async (t) => {
  const { client, http, service, sockets } = await serveWs(t);
  client.sendJson({ id: "a", sample: {} });
  client.sendJson({ id: "b", listModels: {} });
  await client.next();
  const closed = sockets.close(60_000);
  const { WebSocket } = await import("ws");
  const late = new WebSocket(`ws://127.0.0.1:${http.port}/v1/stream`);
  const [error] = await once(late, "error").catch((thrown: unknown) => [thrown]);
  t.regex(String(error), /503/);
  service.jobs[0]?.run();
  await closed;
});
