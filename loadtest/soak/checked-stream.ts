import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { TaskRequest } from "../open-loop/scenario.ts";

/** What came of a stream, and what was wrong with it, if anything. */
export interface Checked {
  readonly fault: string | undefined;
  /** Events that newer ones of their kind had replaced before they were sent. */
  readonly skipped: number;
}

/** Results that a request is to get. */
function resultsOf(request: TaskRequest): number {
  switch (request.$case) {
    case "sample":
      return request.value.count || 1;
    case "decode":
      return request.value.latents.length;
    case "encode":
    case "logLikelihood":
      return request.value.images.length;
  }
}

/**
 * One stream as it comes, held to the contract: `accepted` first, numbers that rise, every result once and with something
 * in it, `completed` last.
 */
export class CheckedStream {
  readonly #expected: number;
  readonly #results = new Set<number>();
  #jobId = "";
  #events = 0;
  #last = 0n;
  #completed = false;
  #fault: string | undefined;

  constructor(request: TaskRequest) {
    this.#expected = resultsOf(request);
  }

  take({ jobId, sequence, event }: JobEvent): void {
    const what = event?.$case ?? "an event of no kind";
    if (this.#events++ === 0) {
      this.#jobId = jobId;
      if (what !== "accepted" || sequence !== 1n) this.#wrong(`${what} as event ${sequence} first`);
    } else if (what === "accepted") this.#wrong("accepted twice");
    if (jobId !== this.#jobId) this.#wrong("an event of another job");
    if (sequence <= this.#last) this.#wrong(`event ${sequence} after ${this.#last}`);
    if (this.#completed) this.#wrong(`${what} after completed`);
    this.#last = sequence;
    if (event?.$case === "completed") this.#completed = true;
    if (event?.$case === "sampled") this.#result(event.value.row, event.value.image?.data.length);
    if (event?.$case === "encoded") {
      this.#result(event.value.row, event.value.latent?.float32.length);
    }
    if (event?.$case === "likelihood") {
      this.#result(event.value.row, Number.isFinite(event.value.bitsPerDim) ? 1 : 0);
    }
  }

  /** @param code as `Listener.onEnd` has it @param left its reader has left it */
  end(code: string | undefined, left: boolean): Checked {
    const whole = this.#completed && this.#results.size === this.#expected;
    if (code !== undefined && !left) this.#wrong(code);
    else if (!left && !whole) {
      this.#wrong(`ended with ${this.#results.size} of ${this.#expected} results`);
    }
    return { fault: this.#fault, skipped: Number(this.#last) - this.#events };
  }

  #result(row: number, size = 0): void {
    if (this.#results.has(row)) this.#wrong("a result twice");
    if (size === 0) this.#wrong("a result with nothing in it");
    this.#results.add(row);
  }

  /** The first thing that was wrong is the one that is told. */
  #wrong(fault: string): void {
    this.#fault ??= fault;
  }
}
