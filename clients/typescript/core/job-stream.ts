import type { JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { CallOptions } from "./call-options.ts";
import { PART_BYTES, PartJoiner } from "./part-joiner.ts";
import { aborted, Backoff, isWorthTryingAgain, sleep } from "./retry.ts";
import { ScoreStreamError } from "./scorestream-error.ts";
import type { EventStream, TaskRequest, Transport, WatchRequest } from "./transport.ts";

export interface JobStreamOptions extends CallOptions {
  readonly resume: boolean;
  /** Whether leaving the stream ends its job though that is detached. */
  readonly endsDetached: boolean;
  /** Called once, when nothing more will come. */
  readonly onEnd: (stream: JobStream) => void;
}

/** The present call before there is one. */
const NOTHING: EventStream = { next: () => Promise.resolve(undefined), leave: () => {} };

/**
 * A job's events over as many calls as it takes: a request that finds no server or no room is sent again until its first
 * event has come, and a job whose connection is lost is come back to. Ends with the job, or is left.
 */
export class JobStream {
  readonly #transport: Transport;
  readonly #request: TaskRequest | WatchRequest;
  readonly #options: JobStreamOptions;
  readonly #backoff: Backoff;
  readonly #left = new AbortController();
  readonly #joiner: PartJoiner;
  readonly #onAbort: () => void;
  /** The present call. */
  #call: EventStream = NOTHING;
  /** What the present call was last asked for. */
  #pending: Promise<JobEvent | undefined> | undefined;
  /** Lets a `next` that waits for an event go. */
  #release: () => void = () => {};
  #leftWith: ScoreStreamError | undefined;
  #jobId: string | undefined;
  #sequence: bigint;
  #leaving: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(
    transport: Transport,
    request: TaskRequest | WatchRequest,
    options: JobStreamOptions,
  ) {
    this.#transport = transport;
    this.#request = request;
    this.#options = options;
    const { signal, retry = {}, maxEventBytes } = options;
    this.#joiner = new PartJoiner(maxEventBytes);
    this.#backoff = new Backoff(retry === false ? {} : retry);
    this.#sequence = request.$case === "watch" ? request.value.afterSequence : 0n;
    this.#onAbort = () => void this.leave(signal && aborted(signal));
  }

  /** Sends the request at once, unless the signal has been given already. Called once, before `next`. */
  begin(): void {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.#end();
      this.#leftWith = aborted(signal);
      return;
    }
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#call = this.#transport.events(this.#request);
  }

  async next(): Promise<JobEvent | undefined> {
    while (!this.#isOver) {
      try {
        const event = await this.#read();
        if (this.#isOver) break; // left meanwhile, and it may be that the server is still being told
        if (event === undefined) this.#end();
        else {
          const whole = await this.#join(event);
          if (whole !== undefined) return this.#note(whole);
        }
      } catch (error) {
        if (!this.#isOver) await this.#recover(error);
      }
    }
    if (this.#leftWith !== undefined) throw this.#leftWith;
    return undefined;
  }

  /**
   * Reads no more; a `next` that waits is let go at once.
   *
   * @param error what `next` throws from now on; left out: it says that there is nothing more
   * @returns when the server was told, where it has to be. Never rejects
   */
  leave(error?: ScoreStreamError): Promise<void> {
    if (this.#isOver) return this.#leaving;
    this.#isOver = true;
    this.#leftWith = error;
    this.#left.abort();
    this.#release();
    this.#leaving = this.#options.endsDetached ? this.#endDetached() : Promise.resolve();
    void this.#leaving.then(() => this.#end());
    return this.#leaving;
  }

  #read(): Promise<JobEvent | undefined> {
    return new Promise((resolve, reject) => {
      this.#release = () => resolve(undefined);
      this.#pending = this.#call.next();
      this.#pending.then(resolve, reject);
    });
  }

  /** @returns the event with all of its bytes; undefined where it is a part of one, or the stream was left */
  async #join(event: JobEvent): Promise<JobEvent | undefined> {
    try {
      const whole = await this.#joiner.take(event);
      return this.#isOver ? undefined : whole;
    } catch (error) {
      if (!(error instanceof ScoreStreamError)) throw error;
      // The server knows nothing of it, and its job would go on.
      void this.leave(error);
      return undefined;
    }
  }

  #note(event: JobEvent): JobEvent {
    this.#backoff.reset();
    this.#jobId = event.jobId;
    this.#sequence = event.sequence;
    if (event.event?.$case === "completed") this.#end();
    return event;
  }

  /** Nothing more is to be done. */
  #end(): void {
    this.#isOver = true;
    this.#call.leave();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.onEnd(this);
  }

  /** Makes the next call, after a while; or throws the error, where there is to be none. */
  async #recover(error: unknown): Promise<void> {
    const delayMs = this.#mayCallAgain(error) ? this.#backoff.delayAfter(error) : undefined;
    if (delayMs === undefined) {
      this.#end();
      throw error;
    }
    this.#call.leave();
    try {
      await sleep(delayMs, this.#left.signal);
    } catch {
      return; // left meanwhile
    }
    this.#call = this.#transport.events(this.#nextRequest());
  }

  #mayCallAgain(error: unknown): error is ScoreStreamError {
    if (this.#jobId === undefined) {
      return this.#options.retry !== false && isWorthTryingAgain(error);
    }
    return this.#options.resume && error instanceof ScoreStreamError && error.isConnectionLost;
  }

  #nextRequest(): TaskRequest | WatchRequest {
    if (this.#jobId === undefined) return this.#request;
    const value = { jobId: this.#jobId, afterSequence: this.#sequence, partBytes: PART_BYTES };
    return { $case: "watch", value };
  }

  /** Best effort: a job that can't be reached runs to its end. Never rejects. */
  async #endDetached(): Promise<void> {
    try {
      if (this.#call.leaveForGood === undefined) await this.#cancelJob();
      else if (!(await this.#call.leaveForGood()) && this.#jobId !== undefined) {
        // Its connection is lost: only one who has come back can leave.
        await this.#transport.events(this.#nextRequest()).leaveForGood?.();
      }
    } catch {
      // It never began, or the connection is lost.
    }
  }

  async #cancelJob(): Promise<void> {
    // A request whose first event has not come yet: its job has a name only then.
    this.#jobId ??= (await (this.#pending ?? this.#call.next()))?.jobId;
    if (this.#jobId !== undefined) await this.#transport.cancel(this.#jobId);
  }
}
