import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { type CallOptions, endBy } from "./call.ts";
import { ScoreStreamError } from "./scorestream-error.ts";

/** A row's result, if the event is one. */
export type TakeResult<R> = (
  event: JobEvent["event"],
) => { readonly row: number; readonly result: R } | undefined;

/**
 * A job that the server runs, which has begun. It is read once, in one of two ways: event by event with `for await`, or
 * with `results()`. Leaving the loop early cancels the job, unless it is detached.
 */
export class Job<R> implements AsyncIterable<JobEvent> {
  readonly #call: ClientReadableStream<JobEvent>;
  readonly #take: TakeResult<R>;
  /** Kept from the start: an error that comes before the events are read must not be an unhandled one. */
  #failure: ServiceError | undefined;
  #isRead = false;

  constructor(
    call: ClientReadableStream<JobEvent>,
    take: TakeResult<R>,
    options: CallOptions = {},
  ) {
    this.#call = call;
    this.#take = take;
    call.on("error", (error: ServiceError) => {
      this.#failure = error;
    });
    endBy(call, options);
  }

  /** Accepted, then progress and previews, one result a row as each finishes, and completed. @throws ScoreStreamError */
  async *[Symbol.asyncIterator](): AsyncGenerator<JobEvent, void, undefined> {
    if (this.#isRead) throw new Error("the events of a job can be read once only");
    this.#isRead = true;
    try {
      for await (const event of this.#call) yield event as JobEvent;
    } catch (error) {
      // What the call itself failed with was emitted too, and is thrown below.
      if (this.#failure === undefined) throw error;
    } finally {
      this.#call.cancel();
    }
    if (this.#failure !== undefined) throw new ScoreStreamError(this.#failure);
  }

  /**
   * Reads the job to its end.
   *
   * @param onEvent sees every event, such as `completed` with the settings that were used
   * @returns the result of each row, in the order of the rows
   * @throws ScoreStreamError
   */
  async results(onEvent: (event: JobEvent) => void = () => {}): Promise<R[]> {
    const results: R[] = [];
    for await (const event of this) {
      onEvent(event);
      const taken = this.#take(event.event);
      if (taken !== undefined) results[taken.row] = taken.result;
    }
    return results;
  }
}
