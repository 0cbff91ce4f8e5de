import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ClientWritableStream } from "@grpc/grpc-js";
import type {
  ScoreStreamClient,
  UploadRequest,
  UploadResponse,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { answerOf, type CallOptions } from "./call.ts";

/** Of one part: well under the 4 MiB that a server takes unless it was told otherwise. */
const CHUNK_BYTES = 64 * 1024;

/** What an upload holds. */
export type ContentType = "image/png" | "image/jpeg" | "image/webp" | "application/x-float32";

export interface UploadOptions extends CallOptions {
  /** Whose requests may use it; left out: those of requests without a tenant. */
  readonly tenant?: string;
}

/** Sends bytes part by part, no faster than the server takes them. @throws ScoreStreamError */
export async function sendUpload(
  stub: ScoreStreamClient,
  bytes: Uint8Array,
  contentType: ContentType,
  options: UploadOptions,
): Promise<UploadResponse> {
  const parts = Readable.from(partsOf(bytes, contentType, options.tenant ?? ""));
  try {
    return await answerOf((answer) => {
      const call = stub.upload(answer);
      send(parts, call);
      return call;
    }, options);
  } finally {
    // A server that refuses answers before everything is sent.
    parts.destroy();
  }
}

/** `parts.pipe(call)`, which the types of grpc-js do not allow. */
function send(parts: Readable, call: ClientWritableStream<UploadRequest>): void {
  parts.on("data", (part: UploadRequest) => {
    if (call.write(part)) return;
    parts.pause();
    call.once("drain", () => parts.resume());
  });
  parts.once("end", () => call.end());
}

function* partsOf(
  bytes: Uint8Array,
  contentType: ContentType,
  tenant: string,
): Generator<UploadRequest> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const header = { contentType, sizeBytes: BigInt(bytes.length), sha256, tenant };
  yield { part: { $case: "header", value: header } };
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    const chunk = bytes.subarray(start, start + CHUNK_BYTES);
    const value = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    yield { part: { $case: "chunk", value } };
  }
}
