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
  "deadline-exceeded",
];
const FIELD = /^([a-z0-9_]+(?:\[\d+\])?(?:\.[a-z0-9_]+(?:\[\d+\])?)*): /;

/** What a transport knows of a failure. */
export interface Failure {
  /** As the server sent it; "" where the failure is not the server's. */
  readonly code: string;
  /** Of gRPC, such as "INVALID_ARGUMENT". */
  readonly status: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A call that failed. The message is the server's, where the failure is. */
export class ScoreStreamError extends Error {
  override readonly name = "ScoreStreamError";
  /**
   * The server's code; undefined where the failure is the connection's ("UNAVAILABLE"), a limit of gRPC's, or an abort by
   * the caller ("CANCELLED"): then `status` says which.
   */
  readonly code: ErrorCode | undefined;
  /** The name of a gRPC status, over the WebSocket too. */
  readonly status: string;
  /** Path in the request of what is wrong, such as `images[2]` or `condition.inpaint.mask`; undefined where none is told. */
  readonly field: string | undefined;
  /** When it may be worth trying again, in ms; undefined where the server doesn't know. */
  readonly retryAfterMs: number | undefined;

  constructor({ code, status, message, retryAfterMs, cause }: Failure) {
    super(message, cause === undefined ? {} : { cause });
    this.code = ERROR_CODES.find((known) => known === code);
    this.status = status;
    this.field = ABOUT_FIELDS.includes(this.code) ? FIELD.exec(message)?.[1] : undefined;
    this.retryAfterMs = retryAfterMs;
  }

  /** The connection was lost or never made: the server may run what it was asked for, or not. */
  get isConnectionLost(): boolean {
    return this.code === undefined && this.status === "UNAVAILABLE";
  }
}

export function connectionLost(message: string, cause?: unknown): ScoreStreamError {
  return new ScoreStreamError({ code: "", status: "UNAVAILABLE", message, cause });
}

/** What came in parts is not what the server sent. */
export function dataLost(message: string): ScoreStreamError {
  return new ScoreStreamError({
    code: "",
    status: "DATA_LOSS",
    message: `a result came broken: ${message}`,
  });
}

/** What a call ends with when its signal says so, or its client is closed. */
export function cancelledByCaller(message: string, cause?: unknown): ScoreStreamError {
  return new ScoreStreamError({ code: "", status: "CANCELLED", message, cause });
}
