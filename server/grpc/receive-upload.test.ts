import { type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import {
  ScoreStreamService,
  UploadRequest,
  type UploadResponse,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { listModels, once, trailer } from "../testing/grpc-client.ts";
import { floatUpload, uploadChunk, uploadHeader, uploadOverGrpc } from "../testing/uploads.ts";
import { serveGrpc } from "./harness.ts";

test("an upload is answered with its content address and how long it lasts", async (t) => {
  const { client, service } = await serveGrpc(t);
  const { id, parts } = floatUpload(5, 1, "me");
  t.deepEqual(await uploadOverGrpc(client, parts), {
    uploadId: id,
    expiresIn: { seconds: 1n, nanos: 500_000_000 },
  });
  t.is(service.uploads.find("me", id)?.bytes.length, 20);
});

test("uploads at once do not mix", async (t) => {
  const { client } = await serveGrpc(t);
  const uploads = Array.from({ length: 8 }, (_, i) => floatUpload(5 + i, i));
  const answers = await Promise.all(uploads.map(({ parts }) => uploadOverGrpc(client, parts)));
  t.deepEqual(
    answers.map(({ uploadId }) => uploadId),
    uploads.map(({ id }) => id),
  );
});

test("an upload of many large chunks arrives whole", async (t) => {
  const { client } = await serveGrpc(t);
  const chunks = Array.from({ length: 12 }, (_, i) => uploadChunk(Buffer.alloc(80_000, i)));
  const parts = [uploadHeader({ sizeBytes: 960_000n }), ...chunks];
  const { uploadId } = await uploadOverGrpc(client, parts);
  t.regex(uploadId, /^[0-9a-f]{64}$/);
});

test("a caller that is refused and sends on learns why, and others are served", async (t) => {
  const { client, service } = await serveGrpc(t);
  const header = uploadHeader({ sizeBytes: 4n });
  const chunks = Array.from({ length: 50 }, () => uploadChunk(Buffer.alloc(50_000)));
  const error = await t.throwsAsync<ServiceError>(uploadOverGrpc(client, [header, ...chunks]), {
    code: status.INVALID_ARGUMENT,
  });
  t.regex(error?.details ?? "", /^chunk: seen 50000 bytes, expected 4 in all/);
  t.is(service.uploads.bytes, 0);
  t.is((await listModels(client)).models.length, 1);
});

test("an upload past the store's room is told to come again", async (t) => {
  const { client, service } = await serveGrpc(t);
  const taken = Array.from({ length: 10 }, () =>
    service.uploads.reserve("", 990_000, () => undefined),
  );
  const error = await t.throwsAsync<ServiceError>(
    uploadOverGrpc(client, [uploadHeader({ sizeBytes: 1_000_000n })]),
    { code: status.RESOURCE_EXHAUSTED },
  );
  t.is(error && trailer(error, "scorestream-code"), "upload-store-full");
  t.is(error && trailer(error, "retry-after-ms"), "1000");
  for (const each of taken) service.uploads.release(each);
});

test("an upload that is cancelled half way frees what had come", async (t) => {
  const { client, service } = await serveGrpc(t);
  const call = client.upload(() => undefined);
  for (const part of floatUpload(5, 1).parts.slice(0, 3)) call.write(part);
  await service.uploadBegun.promise;
  t.true(service.uploads.bytes > 20);
  call.cancel();
  await service.uploadAborted.promise;
  t.is(service.uploads.bytes, 0);
});

test("a message past the limit ends the upload and frees what had come", async (t) => {
  const { client, service } = await serveGrpc(t, { maxFrameBytes: 2048 });
  const parts = [uploadHeader({ sizeBytes: 5000n }), uploadChunk(Buffer.alloc(3000))];
  await t.throwsAsync(uploadOverGrpc(client, parts), { code: status.RESOURCE_EXHAUSTED });
  await service.uploadAborted.promise;
  t.is(service.uploads.bytes, 0);
  t.is((await listModels(client)).models.length, 1);
});

test("bytes that are no UploadRequest are refused, and what had come is freed", async (t) => {
  const { client, service } = await serveGrpc(t);
  const { path, responseDeserialize } = ScoreStreamService.upload;
  const bad = once<UploadResponse>((answer) => {
    const call = client.makeClientStreamRequest(
      path,
      (bytes: Buffer) => bytes,
      responseDeserialize,
      (error, response) => answer(error, response ?? { uploadId: "", expiresIn: undefined }),
    );
    call.write(Buffer.from(UploadRequest.encode(uploadHeader({ sizeBytes: 8n })).finish()));
    call.write(Buffer.from([0x10, 1]));
    call.end();
  });
  const error = await t.throwsAsync<ServiceError>(bad, { code: status.INVALID_ARGUMENT });
  t.regex(error?.details ?? "", /^chunk: seen protobuf wire type 0, expected 2/);
  t.is(error && trailer(error, "scorestream-code"), "malformed-frame");
  t.is(service.uploads.bytes, 0);
});
