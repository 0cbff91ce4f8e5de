import test from "ava";
import { ClientFrame, type UploadRequest } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { floatUpload, uploadChunk, uploadHeader, uploadJson } from "../testing/uploads.ts";
import type { Got, WsClient } from "../testing/ws-client.ts";
import { serveWs } from "./harness.ts";

function send(client: WsClient, id: string, part: UploadRequest | undefined): void {
  client.sendJson({ id, upload: part && uploadJson(part) });
}

function sendBinary(client: WsClient, id: string, value: UploadRequest | undefined): void {
  client.sendBinary(
    ClientFrame.create({ id, request: { $case: "upload", value: value ?? { part: undefined } } }),
  );
}

/** What an answer says of an upload: its id, or the error's code. */
function said({ frame: { response } }: Got): string | undefined {
  if (response?.$case === "uploaded") return response.value.uploadId;
  return response?.$case === "error" ? response.value.code : response?.$case;
}

function messageOf({ frame: { response } }: Got): string {
  return response?.$case === "error" ? response.value.message : "";
}

test("an upload is answered once, in the frames' kind, when its last byte has come", async (t) => {
  const { client, service } = await serveWs(t);
  const { id, parts } = floatUpload(5, 1, "me");
  for (const part of parts) send(client, "a", part);
  t.deepEqual((await client.next()).json, {
    id: "a",
    uploaded: { uploadId: id, expiresIn: "1.5s" },
  });
  t.is(service.uploads.find("me", id)?.bytes.length, 20);
  for (const part of parts) sendBinary(client, "a", part);
  const again = await client.next();
  t.deepEqual([again.kind, again.frame.id, said(again)], ["binary", "a", id]);
});

test("many uploads at once, their parts mixed, with other requests between them", async (t) => {
  const { client, service } = await serveWs(t);
  const uploads = Array.from({ length: 6 }, (_, i) => floatUpload(5 + i, i));
  const longest = Math.max(...uploads.map(({ parts }) => parts.length));
  client.sendJson({ id: "job", sample: {} });
  for (let part = 0; part < longest; part++) {
    uploads.forEach(({ parts }, i) => {
      if (parts[part] !== undefined) (i % 2 === 0 ? send : sendBinary)(client, `${i}`, parts[part]);
    });
    client.sendJson({ id: `models-${part}`, listModels: {} });
  }
  for (let part = 0; part < longest; part++) {
    t.deepEqual((await client.readAll(`models-${part}`)).map(said), ["models"]);
  }
  for (const [i, { id }] of uploads.entries()) {
    t.deepEqual((await client.readAll(`${i}`)).map(said), [id]);
  }
  service.jobs[0]?.run();
  t.is((await client.readAll("job")).length, 2);
});

test("a refused upload is over: the socket serves on, and its id may be used again", async (t) => {
  const { client, service } = await serveWs(t);
  const { id, parts } = floatUpload(5, 1);
  send(client, "a", parts[0]);
  send(client, "a", parts[0]);
  t.regex(messageOf(await client.next()), /^header: seen a second one, expected chunks/);
  t.is(service.uploads.bytes, 0);
  send(client, "a", parts[1]);
  t.regex(messageOf(await client.next()), /^chunk: seen one before any header/);
  for (const part of parts) send(client, "a", part);
  t.is(said(await client.next()), id);
});

test("an id is one request's: of an upload no other's, and of a job no upload's", async (t) => {
  const { client, service } = await serveWs(t);
  const { id, parts } = floatUpload(5, 1);
  client.sendJson({ id: "job", sample: {} });
  send(client, "job", parts[0]);
  t.regex(messageOf(await client.next()), /^id: seen "job", expected one that no request/);
  send(client, "up", parts[0]);
  client.sendJson({ id: "up", listModels: {} });
  t.regex(messageOf(await client.next()), /^id: seen "up", expected one that no request/);
  for (const part of parts.slice(1)) send(client, "up", part);
  t.deepEqual((await client.readAll("up")).map(said), [id]);
  service.jobs[0]?.run();
  t.is((await client.readAll("job")).length, 2);
});

test("a socket that is cut off frees what had come", async (t) => {
  const { client, service } = await serveWs(t);
  send(client, "a", floatUpload(5, 1).parts[0]);
  sendBinary(client, "b", uploadHeader({ sizeBytes: 1000n }));
  sendBinary(client, "b", uploadChunk(Buffer.alloc(999)));
  client.sendJson({ id: "c", listModels: {} });
  await client.readAll("c"); // the parts before it have been taken
  t.true(service.uploads.bytes > 1020);
  client.socket.terminate();
  await service.uploadAborted.promise;
  t.is(service.uploads.bytes, 0);
});

test("a server that stops lets an upload end before it closes", async (t) => {
  const { client, service, sockets } = await serveWs(t);
  const { id, parts } = floatUpload(5, 1);
  send(client, "a", parts[0]);
  await service.uploadBegun.promise;
  const closed = sockets.close(60_000);
  for (const part of parts.slice(1)) send(client, "a", part);
  t.is(said(await client.next()), id);
  t.is((await client.closed).code, 1001);
  await closed;
});

test("a server that stops tells why an upload failed before it closes", async (t) => {
  const { client, service, sockets } = await serveWs(t);
  send(client, "a", uploadHeader({ sizeBytes: 4n }));
  await service.uploadBegun.promise;
  const closed = sockets.close(60_000);
  send(client, "a", uploadChunk(Buffer.alloc(5)));
  t.is(said(await client.next()), "invalid-argument");
  t.is((await client.closed).code, 1001);
  await closed;
});
