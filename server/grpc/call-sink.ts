import type { ServerWritableStream } from "@grpc/grpc-js";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { Sink } from "../requests/pump.ts";

/**
 * One call as the place where a job's events go. Holds one event at a time: there is room again when HTTP/2's flow
 * control has let the last one out. Waiting for the stream's `drain` would keep 16 events, all of them stale, in
 * front of a slow reader.
 */
export class CallSink implements Sink {
  readonly #call: ServerWritableStream<unknown, JobEvent>;
  readonly #fail: (error: unknown) => void;
  #writing = false;
  #closed = false;
  #waiting: (() => void) | undefined;

  /** @param fail ends the call with the status of an error */
  constructor(call: ServerWritableStream<unknown, JobEvent>, fail: (error: unknown) => void) {
    this.#call = call;
    this.#fail = fail;
  }

  room(): Promise<void> {
    if (!this.#writing || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  send(event: JobEvent): void {
    this.#writing = true;
    this.#call.write(event, () => {
      this.#writing = false;
      this.#wake();
    });
  }

  /** Ends the call, with a status after what has been written to it. */
  end(error?: unknown): void {
    if (error === undefined) this.#call.end();
    else this.#fail(error);
  }

  /** The caller has gone: grpc-js does not call back for what it had not sent. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
