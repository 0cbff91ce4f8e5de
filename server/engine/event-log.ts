import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ServerError } from "../errors.ts";

/** What a job says, without the job's id and the number that the log adds. */
export type Happening = NonNullable<JobEvent["event"]>;

interface Entry {
  readonly sequence: bigint;
  /** Gone once a newer event of the same kind and row has replaced it. */
  event: JobEvent | undefined;
  /** Some reader has got it. */
  read: boolean;
}

/**
 * A job's events in order. An event appended under a key replaces the one before it under that key, so the log is
 * bounded by what a job can have to say once: readers who keep up see every event, those who don't see the latest
 * preview and progress of each row, and nobody misses any other.
 */
export class EventLog {
  readonly #jobId: string;
  readonly #onUnread: (event: Happening) => void;
  #entries: Entry[] = [];
  readonly #latest = new Map<string, Entry>();
  #replaced = 0;
  #sequence = 0n;
  #ended = false;
  #error: ServerError | undefined;
  /** Readers that have seen all there is. */
  readonly #waiting = new Set<() => void>();

  /** @param onUnread is told of each event that a newer one has replaced before any reader got it */
  constructor(jobId: string, onUnread: (event: Happening) => void = () => {}) {
    this.#jobId = jobId;
    this.#onUnread = onUnread;
  }

  /** Events that it holds. */
  get size(): number {
    return this.#entries.length - this.#replaced;
  }

  append(event: Happening, replaces?: string): void {
    const sequence = ++this.#sequence;
    const whole = { jobId: this.#jobId, sequence, event };
    const entry: Entry = { sequence, event: whole, read: false };
    if (replaces !== undefined) {
      const before = this.#latest.get(replaces);
      if (before?.event?.event !== undefined && !before.read) this.#onUnread(before.event.event);
      this.forget(replaces);
      this.#latest.set(replaces, entry);
    }
    this.#entries.push(entry);
    this.#wake();
  }

  /** Drops the latest event under a key. */
  forget(key: string): void {
    const entry = this.#latest.get(key);
    if (entry === undefined) return;
    this.#latest.delete(key);
    entry.event = undefined;
    this.#replaced++;
    if (this.#replaced > 64 && this.#replaced > this.#entries.length / 2) {
      this.#entries = this.#entries.filter(({ event }) => event !== undefined);
      this.#replaced = 0;
    }
  }

  /** Nothing more will be said. */
  end(error?: ServerError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /**
   * The events after a sequence number, as they come, until the log ends or the signal is aborted.
   *
   * @throws the ServerError that the log ended with, after the last event
   */
  async *after(sequence: bigint, signal: AbortSignal): AsyncGenerator<JobEvent, void, undefined> {
    const wake = (): void => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      let last = sequence;
      while (!signal.aborted) {
        const entry = this.#firstAfter(last);
        if (entry !== undefined) {
          last = entry.sequence;
          if (entry.event === undefined) continue;
          entry.read = true;
          yield entry.event;
        } else if (this.#ended) {
          if (this.#error !== undefined) throw this.#error;
          return;
        } else {
          await new Promise<void>((resolve) => this.#waiting.add(resolve));
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #firstAfter(sequence: bigint): Entry | undefined {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.sequence ?? 0n) <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low];
  }
}
