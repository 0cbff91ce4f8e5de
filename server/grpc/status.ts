import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { Duration } from "../../proto/gen/google/protobuf/duration.ts";
import { duration } from "../engine/duration.ts";
import type { ServerError } from "../errors.ts";
import { GRPC_STATUS } from "../requests/grpc-status.ts";

/**
 * An error as the end of a gRPC call: its status, its message, and trailers. `scorestream-code` is the server's own
 * code; where it may be worth trying again, `retry-after-ms` says when, and so does google.rpc.RetryInfo in
 * `grpc-status-details-bin`, which gRPC's retrying clients read.
 */
export function toStatus(error: ServerError): StatusObject {
  const code = status[GRPC_STATUS[error.code]];
  const details = wellFormed(error.message);
  const metadata = new Metadata();
  metadata.set("scorestream-code", error.code);
  if (error.retryAfterMs !== undefined) {
    metadata.set("retry-after-ms", String(Math.ceil(error.retryAfterMs)));
    metadata.set("grpc-status-details-bin", retryDetails(code, details, error.retryAfterMs));
  }
  return { code, details, metadata };
}

/** grpc-js fails on half a surrogate pair, which a cut message can end in. */
function wellFormed(message: string): string {
  return message.replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

/** google.rpc.Status { code = 1, message = 2, details = 3 } with one google.rpc.RetryInfo { retry_delay = 1 }. */
function retryDetails(code: status, message: string, retryAfterMs: number): Buffer {
  const delay = Duration.encode(duration(retryAfterMs)).finish();
  const retryInfo = new BinaryWriter().uint32(0x0a).bytes(delay).finish();
  const any = new BinaryWriter()
    .uint32(0x0a)
    .string("type.googleapis.com/google.rpc.RetryInfo")
    .uint32(0x12)
    .bytes(retryInfo)
    .finish();
  const writer = new BinaryWriter().uint32(0x08).int32(code).uint32(0x12).string(message);
  return Buffer.from(writer.uint32(0x1a).bytes(any).finish());
}
