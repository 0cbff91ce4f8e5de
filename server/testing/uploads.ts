import { createHash } from "node:crypto";
import type { ClientWritableStream } from "@grpc/grpc-js";
import {
  type ScoreStreamClient,
  UploadHeader,
  UploadRequest,
  type UploadResponse,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { once } from "./grpc-client.ts";

/** An upload of numbers for tests, in parts. */
export interface TestUpload {
  readonly id: string;
  /** A header, and one chunk for each three bytes. */
  readonly parts: readonly UploadRequest[];
}

/** An upload of so many float32 numbers, told from others by its first byte. */
export function floatUpload(numbers: number, first: number, tenant = ""): TestUpload {
  const bytes = Buffer.alloc(4 * numbers, 7);
  bytes[0] = first;
  const chunks = Array.from({ length: Math.ceil(bytes.length / 3) }, (_, i) =>
    uploadChunk(bytes.subarray(3 * i, 3 * i + 3)),
  );
  const header = uploadHeader({ sizeBytes: BigInt(bytes.length), tenant });
  return { id: createHash("sha256").update(bytes).digest("hex"), parts: [header, ...chunks] };
}

/** A header, of numbers unless it says another type. */
export function uploadHeader(value: Partial<UploadHeader>): UploadRequest {
  const header = UploadHeader.fromPartial({ contentType: "application/x-float32", ...value });
  return { part: { $case: "header", value: header } };
}

export function uploadChunk(bytes: Uint8Array): UploadRequest {
  return { part: { $case: "chunk", value: Buffer.from(bytes) } };
}

/** A part as proto3 JSON. */
export function uploadJson(part: UploadRequest): unknown {
  return UploadRequest.toJSON(part);
}

/** Sends parts over gRPC and ends. @throws ServiceError */
export function uploadOverGrpc(
  client: ScoreStreamClient,
  parts: readonly UploadRequest[],
): Promise<UploadResponse> {
  return once((answer) => {
    const call: ClientWritableStream<UploadRequest> = client.upload(answer);
    for (const part of parts) call.write(part);
    call.end();
  });
}
