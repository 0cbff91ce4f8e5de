import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import {
  type DeepPartial,
  UploadHeader,
  type UploadRequest,
  type UploadResponse,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { IncomingUpload } from "./incoming-upload.ts";
import { IDLE_MS, UploadStore } from "./upload-store.ts";

const LIMITS = { maxUploadBytes: 1000, storeBytes: 1e5, tenantBytes: 1e5, ttlMs: 90_500 };

function emptyStore(now: () => number = () => 0): UploadStore {
  return new UploadStore(LIMITS, now);
}

function header(value: DeepPartial<UploadHeader>): UploadRequest {
  return { part: { $case: "header", value: UploadHeader.fromPartial(value) } };
}

function chunk(...bytes: readonly number[]): UploadRequest {
  return { part: { $case: "chunk", value: Buffer.from(bytes) } };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Takes all parts and the end. */
function upload(store: UploadStore, ...parts: readonly UploadRequest[]): UploadResponse {
  const incoming = new IncomingUpload(store);
  for (const part of parts) incoming.take(part);
  return incoming.finish();
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ServerError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "(it was taken)";
}

const FLOATS = { contentType: "application/x-float32", sizeBytes: 8n };
const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8] as const;

test("bytes in any pieces are stored under their sha256", (t) => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pieces, fc.boolean(), (chunks, named) => {
      const bytes = Buffer.concat([...chunks, Buffer.of(1, 2, 3, 4)]);
      const whole = bytes.subarray(0, 4 * Math.floor(bytes.length / 4));
      const store = emptyStore();
      const incoming = new IncomingUpload(store);
      const sizeBytes = BigInt(whole.length);
      const sum = named ? sha256(whole).toUpperCase() : "";
      incoming.take(header({ ...FLOATS, sizeBytes, sha256: sum, tenant: "me" }));
      for (let at = 0, i = 0; at < whole.length; i++) {
        t.false(incoming.complete);
        const length = chunks[i]?.length ?? whole.length;
        incoming.take(chunk(...whole.subarray(at, at + length)));
        at += length;
      }
      t.true(incoming.complete);
      const { uploadId, expiresIn } = incoming.finish();
      t.is(uploadId, sha256(whole));
      t.deepEqual(expiresIn, { seconds: 90n, nanos: 500_000_000 });
      const found = store.find("me", uploadId);
      t.deepEqual(Buffer.from(found?.bytes ?? []), whole);
      t.is(found?.contentType, "application/x-float32");
      t.is(store.find("", uploadId), undefined);
    }),
  );
});

test("what is stored does not change with the chunk that it came in", (t) => {
  const store = emptyStore();
  const bytes = Buffer.from(EIGHT);
  const { uploadId } = upload(store, header(FLOATS), { part: { $case: "chunk", value: bytes } });
  bytes.fill(0);
  t.deepEqual([...(store.find("", uploadId)?.bytes ?? [])], [...EIGHT]);
});

const TYPE = 'header.content_type: seen "image/png", expected what the bytes are: JPEG data';
const jpeg = chunk(0xff, 0xd8, 0xff, 0xe0);

const REFUSED: readonly [name: string, parts: UploadRequest[], message: string | RegExp][] = [
  ["nothing", [], "invalid-argument: header: seen none, expected one, and then chunks"],
  [
    "an empty part",
    [{ part: undefined }],
    "invalid-argument: part: seen none, expected header or chunk",
  ],
  [
    "a chunk first",
    [chunk(1)],
    "invalid-argument: chunk: seen one before any header, expected a header",
  ],
  [
    "a second header",
    [header(FLOATS), header(FLOATS)],
    "invalid-argument: header: seen a second one, expected chunks after the first",
  ],
  [
    "a second header half way",
    [header(FLOATS), chunk(1), header(FLOATS)],
    "invalid-argument: header: seen a second one, expected chunks after the first",
  ],
  [
    "another type",
    [header({ ...FLOATS, contentType: "image/gif" })],
    /^invalid-argument: header\.content_type: seen "image\/gif", expected one of "image\/png", .*"application\/x-float32"$/,
  ],
  [
    "no size",
    [header({ ...FLOATS, sizeBytes: 0n })],
    "invalid-argument: header.size_bytes: seen 0, expected the size of all chunks together, from 1 to 1000",
  ],
  [
    "too large",
    [header({ ...FLOATS, sizeBytes: 1001n })],
    "too-large: header.size_bytes: seen 1001, expected at most 1000",
  ],
  [
    "absurdly large",
    [header({ ...FLOATS, sizeBytes: 2n ** 64n - 1n })],
    "too-large: header.size_bytes: seen 18446744073709551615, expected at most 1000",
  ],
  [
    "half a number",
    [header({ ...FLOATS, sizeBytes: 6n })],
    "invalid-argument: header.size_bytes: seen 6, expected a multiple of 4: float32 values",
  ],
  [
    "no sha256",
    [header({ ...FLOATS, sha256: "abc" })],
    'invalid-argument: header.sha256: seen "abc", expected 64 hexadecimal digits, or nothing',
  ],
  [
    "a tenant too long",
    [header({ ...FLOATS, tenant: "x".repeat(129) })],
    /^invalid-argument: header\.tenant: seen "x+", expected at most 128 characters$/,
  ],
  [
    "more bytes than promised",
    [header(FLOATS), chunk(...EIGHT, 9)],
    "invalid-argument: chunk: seen 9 bytes, expected 8 in all, as header.size_bytes says",
  ],
  [
    "more bytes in a further chunk",
    [header(FLOATS), chunk(...EIGHT), chunk(9)],
    "invalid-argument: chunk: seen 9 bytes, expected 8 in all, as header.size_bytes says",
  ],
  [
    "fewer bytes than promised",
    [header(FLOATS), chunk(1, 2, 3)],
    "invalid-argument: header.size_bytes: seen 8, expected 3, which came before the end",
  ],
  [
    "a header alone",
    [header(FLOATS)],
    "invalid-argument: header.size_bytes: seen 8, expected 0, which came before the end",
  ],
  [
    "another sha256",
    [header({ ...FLOATS, sha256: "0".repeat(64) }), chunk(...EIGHT)],
    `invalid-argument: header.sha256: seen "${"0".repeat(64)}", expected "${sha256(Buffer.from(EIGHT))}", which the bytes have`,
  ],
  [
    "another type than the bytes",
    [header({ contentType: "image/png", sizeBytes: 4n }), jpeg],
    `invalid-argument: ${TYPE}`,
  ],
  [
    "bytes of no type",
    [header({ contentType: "image/webp", sizeBytes: 4n }), chunk(1, 2, 3, 4)],
    /expected what the bytes are: unknown data$/,
  ],
];

for (const [name, parts, message] of REFUSED) {
  test(`refused, and nothing is held: ${name}`, (t) => {
    const store = emptyStore();
    const incoming = new IncomingUpload(store);
    const seen = refusal(() => {
      for (const part of parts) incoming.take(part);
      incoming.finish();
    });
    if (typeof message === "string") t.is(seen, message);
    else t.regex(seen, message);
    t.is(store.bytes, 0);
    t.regex(
      refusal(() => incoming.take(header(FLOATS))),
      /^cancelled: the upload has ended/,
    );
    t.is(store.bytes, 0);
  });
}

test("an upload that is aborted frees what had come; after its end nothing happens", (t) => {
  const store = emptyStore();
  const incoming = new IncomingUpload(store);
  incoming.take(header(FLOATS));
  incoming.take(chunk(1, 2));
  t.true(store.bytes > 8);
  incoming.abort();
  t.is(store.bytes, 0);
  const other = new IncomingUpload(store);
  for (const part of [header(FLOATS), chunk(...EIGHT)]) other.take(part);
  const { uploadId } = other.finish();
  other.abort();
  t.truthy(store.find("", uploadId));
});

test("an upload whose room was given away says so", (t) => {
  const clock = { ms: 0 };
  const store = emptyStore(() => clock.ms);
  const incoming = new IncomingUpload(store);
  incoming.take(header(FLOATS));
  incoming.take(chunk(1, 2));
  clock.ms += IDLE_MS;
  upload(store, header(FLOATS), chunk(...EIGHT));
  t.is(
    refusal(() => incoming.take(chunk(3))),
    "deadline-exceeded: the upload was given up: no chunk came for 60 s",
  );
});

test("an upload that never pauses is not given up, and an empty chunk is no sign of life", (t) => {
  const clock = { ms: 0 };
  const store = emptyStore(() => clock.ms);
  const [lively, idle] = [new IncomingUpload(store), new IncomingUpload(store)];
  for (const each of [lively, idle]) each.take(header(FLOATS));
  for (const byte of [1, 2]) {
    clock.ms += IDLE_MS / 2;
    lively.take(chunk(byte));
    idle.take(chunk());
  }
  store.find("", ""); // gives up what is idle
  t.regex(
    refusal(() => idle.take(chunk(1))),
    /^deadline-exceeded/,
  );
  lively.take(chunk(3, 4, 5, 6, 7, 8));
  t.true(lively.complete);
});
