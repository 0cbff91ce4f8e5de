import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import type { ServerError } from "../errors.ts";
import type { EventReader } from "../service.ts";

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
  /** Entries that a newer one may replace, by key; made with the first, as many logs wait that have none. */
  #latest: Map<string, Entry> | undefined;
  #replaced = 0;
  #sequence = 0n;
  #ended = false;
  #error: ServerError | undefined;
  /** Readers that have seen all there is. */
  readonly #waiting: LogReader[] = [];

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
      this.#latest ??= new Map();
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
    const entry = this.#latest?.get(key);
    if (entry === undefined) return;
    this.#latest?.delete(key);
    entry.event = undefined;
    this.#replaced++;
    if (this.#replaced > this.#entries.length / 2) {
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

  /** Whether nothing more will be said. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What it ended with, where that is an error. */
  get error(): ServerError | undefined {
    return this.#error;
  }

  /** The first event after a sequence number, which counts as read from now on; undefined where there is none. */
  take(after: bigint): JobEvent | undefined {
    for (let i = this.#indexAfter(after); i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      if (entry?.event === undefined) continue;
      entry.read = true;
      return entry.event;
    }
    return undefined;
  }

  /** The events after a sequence number, as they come. */
  after(sequence: bigint): EventReader {
    return new LogReader(this, sequence);
  }

  /** Wakes a reader, once, when there is more to read or the log has ended. */
  wait(reader: LogReader): void {
    this.#waiting.push(reader);
  }

  /** A reader that waits is to be woken no more. */
  forgo(reader: LogReader): void {
    const place = this.#waiting.indexOf(reader);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    for (const reader of this.#waiting.splice(0)) reader.wake();
  }

  /** Index of the first entry after a sequence number. */
  #indexAfter(sequence: bigint): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.sequence ?? 0n) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const DONE = { done: true, value: undefined } as const;

/** A reader's place in a log. A job that waits has little else than this, so it is no generator, which would be five times its size. */
class LogReader implements EventReader {
  readonly #log: EventLog;
  /** The number of the event that it has got last. */
  #last: bigint;
  #wake: (() => void) | undefined;
  closed = false;

  constructor(log: EventLog, after: bigint) {
    this.#log = log;
    this.#last = after;
  }

  next(): Promise<IteratorResult<JobEvent, undefined>> {
    if (this.closed) return Promise.resolve(DONE);
    const event = this.#log.take(this.#last);
    if (event !== undefined) {
      this.#last = event.sequence;
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#log.ended) {
      const { error } = this.#log;
      return error === undefined ? Promise.resolve(DONE) : Promise.reject(error);
    }
    return new Promise((resolve) => {
      this.#wake = () => resolve(this.next());
      this.#log.wait(this);
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  close(): void {
    this.closed = true;
    this.#log.forgo(this);
    this.wake();
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.close();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
