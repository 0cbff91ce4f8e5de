/** How often and how patiently a call is tried again. */
export interface RetryOptions {
  /** Attempts in a row without success, the first one included; 1 or more. Left out: 8. */
  readonly attempts?: number;
  /**
   * The longest wait between two attempts, in ms. A server that asks for a longer one is not asked again: its error, with
   * `retryAfterMs`, is thrown at once. Left out: 10,000.
   */
  readonly maxDelayMs?: number;
}

/** What a call may be given; what is left out is as the client was given it. */
export interface CallOptions {
  /** Ends the call with "CANCELLED", and the job that it started unless the caller asked for `detached`. */
  readonly signal?: AbortSignal;
  /**
   * Whether a call that found no server, no room or a server that stops is made again, with jitter and growing waits.
   * A job's request then has an idempotency key, so that it never runs twice. A job that has begun is not begun again.
   */
  readonly retry?: RetryOptions | false;
  /**
   * Whether a job whose connection is lost is come back to, from the event after the last one read: the job is asked for as
   * `detached`, and leaving it cancels it explicitly. Left out: over the WebSocket yes, over gRPC no.
   */
  readonly resume?: boolean;
  /**
   * Bytes that a picture or latent may have: a job with a larger one is left with "too-large", before its bytes have come.
   * Left out: 1 GiB.
   */
  readonly maxEventBytes?: number;
}

/** What all calls of a client are given, unless they say otherwise. */
export type ClientOptions = Omit<CallOptions, "signal">;
