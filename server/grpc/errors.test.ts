import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import { Duration } from "../../proto/gen/google/protobuf/duration.ts";
import {
  SampleRequest,
  type ScoreStreamClient,
  ScoreStreamService,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ERROR_CODES, ServerError } from "../errors.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";
import { listModels, once, readAll, trailer } from "../testing/grpc-client.ts";
import { serveGrpc } from "./harness.ts";
import { toStatus } from "./status.ts";

test("every error code arrives as its status, its message and a trailer", async (t) => {
  const { client, service } = await serveGrpc(t);
  for (const code of ERROR_CODES) {
    service.refusal = new ServerError(code, `why: ${code}, 100% "ü"`);
    const { status: end } = await readAll(client.sample(SampleRequest.create()));
    t.is(status[end.code], GRPC_STATUS[code]);
    t.is(end.details, `why: ${code}, 100% "ü"`);
    t.is(trailer(end, "scorestream-code"), code);
    t.is(trailer(end, "retry-after-ms"), "");
  }
});

test("a thrown value of any other kind is internal, and its text stays here", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.onSample = () => {
    throw new Error("secret");
  };
  const { status: end } = await readAll(client.sample(SampleRequest.create()));
  t.is(end.code, status.INTERNAL);
  t.notRegex(end.details, /secret/);
});

test("retry-after comes as a trailer and as google.rpc.RetryInfo", async (t) => {
  const { client, service } = await serveGrpc(t);
  service.refusal = new ServerError("queue-full", "the queue is full", { retryAfterMs: 1500 });
  const { status: end } = await readAll(client.sample(SampleRequest.create()));
  t.is(trailer(end, "retry-after-ms"), "1500");
  const details = end.metadata.get("grpc-status-details-bin")[0];
  if (!Buffer.isBuffer(details)) return t.fail("the details are no bytes");
  const [code, message, any] = fields(details);
  t.is(code, status.RESOURCE_EXHAUSTED);
  t.is(String(message), "the queue is full");
  const [url, retryInfo] = fields(any);
  t.is(String(url), "type.googleapis.com/google.rpc.RetryInfo");
  const [delay] = fields(retryInfo);
  t.deepEqual(Duration.decode(bytes(delay)), { seconds: 1n, nanos: 500_000_000 });
});

test("half a surrogate pair in a message does not break the trailers", (t) => {
  t.is(toStatus(new ServerError("internal", "cut \ud83d")).details, "cut \ufffd");
});

const badBytes: readonly [name: string, bytes: number[], expected: RegExp, code: string][] = [
  [
    "no protobuf",
    [0xff, 0xff, 0xff],
    /not a protobuf scorestream\.v1\.SampleRequest/,
    "malformed-frame",
  ],
  ["a cut field", [0x0a, 5, 0x61], /premature EOF/, "malformed-frame"],
  ["a tag of 0", [0x10, 1, 0x00, 0x00], /illegal tag/, "malformed-frame"],
  [
    "text for a number",
    [0x12, 1, 0x61],
    /^count: seen protobuf wire type 2, expected 0/,
    "malformed-frame",
  ],
  ["text that is not UTF-8", [0x0a, 1, 0xff], /^model: .*not UTF-8/, "malformed-frame"],
  [
    "a number of 33 bits",
    [0x10, 0x85, 0x80, 0x80, 0x80, 0x10],
    /^count: seen 4294967301, /,
    "invalid-argument",
  ],
  [
    "an unknown format",
    [0x38, 99],
    /^format: seen 99, expected one of .*PNG \(1\)/,
    "invalid-argument",
  ],
  ["the same inside", [0x32, 2, 0x10, 99], /^preview\.format: seen 99, /, "invalid-argument"],
];

for (const [name, bad, expected, code] of badBytes) {
  test(`bytes with ${name} are refused, and the call after them is served`, async (t) => {
    const { client, service } = await serveGrpc(t);
    const { status: end } = await readAll(sampleBytes(client, Buffer.from(bad)));
    t.is(end.code, status.INVALID_ARGUMENT);
    t.regex(end.details, expected);
    t.is(trailer(end, "scorestream-code"), code);
    t.is(service.samples.length, 0);
    t.is((await listModels(client)).models.length, 1);
  });
}

test("a unary call's bad bytes are refused alike", async (t) => {
  const { client } = await serveGrpc(t);
  const call = once<unknown>((answer) =>
    client.makeUnaryRequest(
      ScoreStreamService.cancel.path,
      Buffer.from,
      Buffer.from,
      [0x0a, 9],
      (error, response) => answer(error, response),
    ),
  );
  const error = await t.throwsAsync<ServiceError>(call, { code: status.INVALID_ARGUMENT });
  if (error !== undefined) t.is(trailer(error, "scorestream-code"), "malformed-frame");
});

test("a request over the limit is refused, and the next one is served", async (t) => {
  const { client } = await serveGrpc(t, { maxFrameBytes: 2048 });
  const { status: end } = await readAll(
    client.sample(SampleRequest.create({ model: "x".repeat(3000) })),
  );
  t.is(end.code, status.RESOURCE_EXHAUSTED);
  t.is((await listModels(client)).models.length, 1);
});

function sampleBytes(
  client: ScoreStreamClient,
  request: Buffer,
): ReturnType<ScoreStreamClient["sample"]> {
  const { path, responseDeserialize } = ScoreStreamService.sample;
  return client.makeServerStreamRequest(
    path,
    (bytes: Buffer) => bytes,
    responseDeserialize,
    request,
  );
}

/** The values of a message's fields in order: numbers, or bytes. */
function fields(message: unknown): (number | Uint8Array)[] {
  const reader = new BinaryReader(bytes(message));
  const values = [];
  while (reader.pos < reader.len) {
    const [, wire] = reader.tag();
    values.push(wire === 0 ? reader.int32() : reader.bytes());
  }
  return values.map((value) => (typeof value === "number" ? value : Buffer.from(value)));
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("expected bytes");
}
