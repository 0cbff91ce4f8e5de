import type { CallOptions, RetryOptions } from "./call-options.ts";
import { cancelledByCaller, type ErrorCode, ScoreStreamError } from "./scorestream-error.ts";

const ATTEMPTS = 8;
const MAX_DELAY_MS = 10_000;
/** Before the second attempt; doubled for each one after it. */
const FIRST_DELAY_MS = 100;

/** The codes by which a server says that the same request may do better later. */
const WORTH_TRYING_AGAIN: readonly (ErrorCode | undefined)[] = [
  "queue-full",
  "upload-store-full",
  "shutting-down",
  "worker-lost",
];

/** Whether a call that failed before it had any effect on its caller may be made again. */
export function isWorthTryingAgain(error: unknown): error is ScoreStreamError {
  if (!(error instanceof ScoreStreamError)) return false;
  return error.isConnectionLost || WORTH_TRYING_AGAIN.includes(error.code);
}

/**
 * The waits between attempts: 100 ms, doubled each time, at least what the server asked for, and drawn between half and the
 * whole of that (from the whole to a quarter more where the server asked), so that a crowd does not come back at once.
 */
export class Backoff {
  readonly #attempts: number;
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  #failed = 0;

  /**
   * @param random in [0, 1)
   * @throws RangeError for options out of their range
   */
  constructor(options: RetryOptions, random: () => number = Math.random) {
    const { attempts = ATTEMPTS, maxDelayMs = MAX_DELAY_MS } = options;
    if (!(Number.isInteger(attempts) && attempts >= 1)) {
      throw new RangeError(`retry.attempts: seen ${attempts}, expected a whole number >= 1`);
    }
    if (!(maxDelayMs >= 0)) {
      throw new RangeError(`retry.maxDelayMs: seen ${maxDelayMs}, expected a number >= 0`);
    }
    this.#attempts = attempts;
    this.#maxDelayMs = maxDelayMs;
    this.#random = random;
  }

  /** An attempt succeeded: the count and the waits begin anew. */
  reset(): void {
    this.#failed = 0;
  }

  /** How long to wait after an attempt that failed, in ms; undefined where it was the last. */
  delayAfter({ retryAfterMs }: ScoreStreamError): number | undefined {
    this.#failed++;
    if (this.#failed >= this.#attempts) return undefined;
    if (retryAfterMs !== undefined && retryAfterMs > this.#maxDelayMs) return undefined;
    const grown = Math.min(this.#maxDelayMs, FIRST_DELAY_MS * 2 ** (this.#failed - 1));
    const drawn = grown * (0.5 + 0.5 * this.#random());
    return Math.max(drawn, (retryAfterMs ?? 0) * (1 + 0.25 * this.#random()));
  }
}

/**
 * Makes a call until it succeeds, fails for good, or has been tried often enough.
 *
 * @param attempt of no effect where it failed in a way that is worth trying again
 * @throws what the last attempt threw; ScoreStreamError "CANCELLED" where the signal ended it
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { signal, retry = {} }: CallOptions,
): Promise<T> {
  const backoff = new Backoff(retry === false ? { attempts: 1 } : retry);
  for (;;) {
    try {
      return await endedBy(attempt, signal);
    } catch (error) {
      if (!isWorthTryingAgain(error)) throw error;
      const delayMs = backoff.delayAfter(error);
      if (delayMs === undefined) throw error;
      await sleep(delayMs, signal);
    }
  }
}

/** @throws ScoreStreamError "CANCELLED" as soon as the signal says so, whatever the call still does */
function endedBy<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call();
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const end = (): void => reject(aborted(signal));
    signal.addEventListener("abort", end, { once: true });
    call()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", end));
  });
}

export function aborted(signal: AbortSignal): ScoreStreamError {
  return cancelledByCaller("the call was ended by its signal", signal.reason);
}

/** @throws ScoreStreamError "CANCELLED" when the signal says so, or has */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) throw aborted(signal);
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      if (signal !== undefined) reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
