import type { status } from "@grpc/grpc-js";
import type { ErrorCode } from "../errors.ts";

/** The name of a gRPC status, such as `NOT_FOUND`. */
export type GrpcStatusName = keyof typeof status;

/**
 * The gRPC status of each error code. gRPC sends its number, the WebSocket its name (`Error.grpc_status`); a new
 * error code does not compile until it has a row here.
 */
export const GRPC_STATUS: Readonly<Record<ErrorCode, GrpcStatusName>> = {
  "invalid-argument": "INVALID_ARGUMENT",
  "malformed-frame": "INVALID_ARGUMENT",
  "too-large": "RESOURCE_EXHAUSTED", // what grpc-js itself answers to a message past its limit
  "model-not-found": "NOT_FOUND",
  "job-not-found": "NOT_FOUND",
  "upload-not-found": "NOT_FOUND",
  "capability-missing": "FAILED_PRECONDITION",
  "queue-full": "RESOURCE_EXHAUSTED",
  "upload-store-full": "RESOURCE_EXHAUSTED",
  cancelled: "CANCELLED",
  "deadline-exceeded": "DEADLINE_EXCEEDED",
  "worker-lost": "UNAVAILABLE",
  "shutting-down": "UNAVAILABLE",
  "solver-failed": "FAILED_PRECONDITION",
  "nonfinite-output": "INTERNAL",
  internal: "INTERNAL",
};
