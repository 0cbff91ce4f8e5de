import type { JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { ScoreStreamError } from "./scorestream-error.ts";
import type { EventStream } from "./transport.ts";

/** Tells the server that the reader has left, as `EventStream.leaveForGood` or `leave`. @returns whether it knows */
type OnLeave = (forGood: boolean) => Promise<boolean>;

/**
 * Events that came and were not read yet. A WebSocket in a browser can't be told to wait, so a reader that is slower than
 * the job is given the newest preview and progress of each row, and the newest `queued`, as the server would: what waits is
 * bounded by the rows.
 */
export class EventQueue implements EventStream {
  /** By what a later event replaces, in the order of their sequence; each behind its parts. */
  readonly #events = new Map<string, JobEvent[]>();
  /** Parts of the event that comes next. */
  #parts: JobEvent[] = [];
  readonly #onLeave: OnLeave;
  #failure: ScoreStreamError | undefined;
  #isOver = false;
  #isLost = false;
  #wake: () => void = () => {};

  /** @param onLeave called once, when the reader leaves before the end */
  constructor(onLeave: OnLeave) {
    this.#onLeave = onLeave;
  }

  /** @returns whether it was the last */
  push(event: JobEvent): boolean {
    this.#parts.push(event);
    if (event.event?.$case === "part") return false;
    const slot = slotOf(event);
    this.#events.delete(slot);
    this.#events.set(slot, this.#parts);
    this.#parts = [];
    if (event.event?.$case === "completed") this.#isOver = true;
    this.#wake();
    return this.#isOver;
  }

  /** Ends the stream with an error, once what came before it has been read. */
  fail(error: ScoreStreamError): void {
    this.#failure ??= error;
    this.#isLost = this.#failure.isConnectionLost;
    this.#isOver = true;
    this.#wake();
  }

  async next(): Promise<JobEvent | undefined> {
    if (this.#events.size === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    for (const [slot, events] of this.#events) {
      const event = events.shift();
      if (events.length === 0) this.#events.delete(slot);
      return event;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  leave(): void {
    void this.#leave(false);
  }

  leaveForGood(): Promise<boolean> {
    return this.#leave(true);
  }

  #leave(forGood: boolean): Promise<boolean> {
    const told = this.#isOver ? Promise.resolve(!this.#isLost) : this.#onLeave(forGood);
    this.#events.clear();
    this.#parts = [];
    this.#failure = undefined;
    this.#isOver = true;
    this.#wake();
    return told;
  }
}

function slotOf({ event, sequence }: JobEvent): string {
  if (event?.$case === "queued") return event.$case;
  if (event?.$case === "preview" || event?.$case === "progress") {
    return `${event.$case} ${event.value.row}`;
  }
  return String(sequence);
}
