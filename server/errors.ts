/** The closed set of things that can go wrong for a caller. Each front end maps every one of them. */
export const ERROR_CODES = [
  "invalid-argument", // a field's value is wrong whatever the state of the server
  "malformed-frame", // a WebSocket frame that is no ClientFrame
  "too-large", // a frame or a request past its limit
  "model-not-found",
  "job-not-found",
  "upload-not-found", // unknown, another tenant's, or expired
  "capability-missing", // the model, or this version of the server, can't do what was asked
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

export interface ServerErrorOptions {
  /** Logged, never sent. */
  readonly cause?: unknown;
  /** When it may be worth trying again. */
  readonly retryAfterMs?: number;
}

/** The one error class of the server. Its message is what the caller reads. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ServerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Any thrown value as a ServerError; one that is not becomes "internal" with the value as its cause. */
export function asServerError(error: unknown): ServerError {
  if (error instanceof ServerError) return error;
  return new ServerError("internal", "the server failed in a way that it did not expect", {
    cause: error,
  });
}

/**
 * The message of a bad field: the field, the value seen, what would be right.
 *
 * @param field path in the request, such as `sampler.predictor_corrector.steps`
 */
export function invalidArgument(field: string, seen: unknown, expected: string): ServerError {
  const shown = typeof seen === "string" ? JSON.stringify(seen.slice(0, 80)) : String(seen);
  return new ServerError("invalid-argument", `${field}: seen ${shown}, expected ${expected}`);
}

/** When a server that stops may have a successor, in ms: a caller who knows another server need not wait. */
export const SUCCESSOR_MS = 1000;

/** What new work gets of a server that stops. */
export function shuttingDown(): ServerError {
  const message =
    "the server is shutting down and takes nothing new: ask another, or its successor";
  return new ServerError("shutting-down", message, { retryAfterMs: SUCCESSOR_MS });
}
