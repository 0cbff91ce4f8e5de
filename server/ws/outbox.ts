import type { WebSocket } from "ws";

/** What an outbox needs of a socket. */
export type Writer = Pick<WebSocket, "bufferedAmount" | "send">;

export interface OutboxLimits {
  /** No event is pulled or sent while more than this waits to be read. */
  readonly maxBufferBytes: number;
  /** How long a socket may be over that without a frame leaving. */
  readonly slowReaderMs: number;
}

/**
 * A socket's way out. Keeps what waits for a slow reader bounded: whoever has something to send waits for `room`
 * first. A reader that takes nothing for too long is given up.
 */
export class Outbox {
  readonly #socket: Writer;
  readonly #limits: OutboxLimits;
  readonly #onSlow: () => void;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param onSlow called once, when the reader is given up */
  constructor(socket: Writer, limits: OutboxLimits, onSlow: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onSlow = onSlow;
  }

  /** More waits to be read than there should. */
  get full(): boolean {
    return this.#socket.bufferedAmount > this.#limits.maxBufferBytes;
  }

  /** So full that not even answers are to be added: a reader that is merely slow can still cancel. */
  get overfull(): boolean {
    return this.#socket.bufferedAmount > 2 * this.#limits.maxBufferBytes;
  }

  /** Resolves when an event may be pulled or sent, in the order of the asking, or when the outbox is closed. */
  room(): Promise<void> {
    if (this.#closed || (!this.full && this.#waiting.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  send(bytes: string | Uint8Array): void {
    if (this.#closed) return;
    this.#socket.send(bytes, { binary: typeof bytes !== "string" }, () => this.#left());
    if (this.full) this.#watch();
  }

  /** Nothing is sent any more; whoever waits for room goes on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** A frame has left, or the socket has failed. */
  #left(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.full) this.#watch();
    else this.#release();
  }

  /** One at a time, each with a turn to send what it has, so that a crowd doesn't fill the buffer at once. */
  #release(): void {
    if (this.#closed || this.full) return;
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#release());
  }

  #watch(): void {
    this.#timer ??= setTimeout(this.#onSlow, this.#limits.slowReaderMs).unref();
  }
}
