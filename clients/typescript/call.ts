import type { EventEmitter } from "node:events";
import type { ServiceError } from "@grpc/grpc-js";
import { ScoreStreamError } from "./scorestream-error.ts";

/** What a call may be given. */
export interface CallOptions {
  /** Ends the call; a job that is not detached is cancelled. */
  readonly signal?: AbortSignal;
}

/** A call of grpc-js; a stream or not. */
interface Call extends EventEmitter {
  cancel(): void;
}

/** Cancels a call when the signal says so, or at once where it already has. Lets go of the signal when the call ends. */
export function endBy(call: Call, { signal }: CallOptions): void {
  if (signal === undefined) return;
  const cancel = (): void => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  call.once("status", () => signal.removeEventListener("abort", cancel));
}

/**
 * A call of one answer as a promise.
 *
 * @param start begins the call, which answers to the callback
 * @throws ScoreStreamError
 */
export function answerOf<T>(
  start: (answer: (error: ServiceError | null, response: T) => void) => Call,
  options: CallOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = start((error, response) => {
      if (error === null) resolve(response);
      else reject(new ScoreStreamError(error));
    });
    endBy(call, options);
  });
}
