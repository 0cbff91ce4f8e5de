import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import type { JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { EventStream } from "../core/transport.ts";
import { fromGrpc } from "./grpc-error.ts";

/** The events of one call of grpc-js, read no faster than they are asked for. */
export class CallStream implements EventStream {
  readonly #call: ClientReadableStream<JobEvent>;
  readonly #events: AsyncIterator<JobEvent>;
  /** Kept from the start: an error that comes before the events are read must not be an unhandled one. */
  #failure: ServiceError | undefined;
  #isLeft = false;
  /** The job's last event has come, so that the server ends the call. */
  #isComplete = false;

  constructor(call: ClientReadableStream<JobEvent>) {
    this.#call = call;
    call.on("error", (error: ServiceError) => {
      this.#failure = error;
    });
    this.#events = call[Symbol.asyncIterator]();
  }

  async next(): Promise<JobEvent | undefined> {
    try {
      const next = await this.#events.next();
      if (next.done !== true) {
        this.#isComplete = next.value.event?.$case === "completed";
        return next.value;
      }
    } catch (error) {
      // What the call itself failed with was emitted too, and is thrown below.
      if (this.#failure === undefined) throw error;
    }
    if (this.#failure !== undefined && !this.#isLeft) throw fromGrpc(this.#failure);
    return undefined;
  }

  leave(): void {
    this.#isLeft = true;
    // A reset of each call would soon be too many: Node's HTTP/2 then closes the connection, with all that runs on it.
    if (this.#isComplete) void this.next();
    else this.#call.cancel();
  }
}
