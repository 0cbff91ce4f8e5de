import { type ServiceError, status } from "@grpc/grpc-js";

/** The server's own codes, as docs/protocol.md explains them. */
export const ERROR_CODES = [
  "invalid-argument",
  "malformed-frame",
  "too-large",
  "model-not-found",
  "job-not-found",
  "upload-not-found",
  "capability-missing",
  "queue-full",
  "upload-store-full",
  "cancelled",
  "deadline-exceeded",
  "worker-lost",
  "shutting-down",
  "solver-failed",
  "nonfinite-output",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The codes whose message begins with the field that they are about. */
const ABOUT_FIELDS: readonly (ErrorCode | undefined)[] = [
  "invalid-argument",
  "capability-missing",
  "upload-not-found",
];
const FIELD = /^([a-z0-9_]+(?:\[\d+\])?(?:\.[a-z0-9_]+(?:\[\d+\])?)*): /;

/** A call that failed. The message is the server's, and grpc-js's own error is the `cause`. */
export class ScoreStreamError extends Error {
  override readonly name = "ScoreStreamError";
  /**
   * The server's code; undefined where the failure is gRPC's own, such as a lost connection, a message over its limit
   * or an abort by the caller's signal: then `status` says which.
   */
  readonly code: ErrorCode | undefined;
  /** Such as "INVALID_ARGUMENT". */
  readonly status: keyof typeof status;
  /** Path in the request of what is wrong, such as `images[2]` or `condition.inpaint.mask`; undefined where none is told. */
  readonly field: string | undefined;
  /** When it may be worth trying again, in ms; undefined where the server doesn't know. */
  readonly retryAfterMs: number | undefined;

  constructor(cause: ServiceError) {
    super(cause.details, { cause });
    const trailer = (name: string): string => String(cause.metadata.get(name)[0] ?? "");
    this.code = ERROR_CODES.find((code) => code === trailer("scorestream-code"));
    this.status = status[cause.code] as keyof typeof status;
    this.field = ABOUT_FIELDS.includes(this.code) ? FIELD.exec(cause.details)?.[1] : undefined;
    const retryAfterMs = trailer("retry-after-ms");
    this.retryAfterMs = retryAfterMs === "" ? undefined : Number(retryAfterMs);
  }
}
