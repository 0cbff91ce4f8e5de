import type { WebSocket } from "ws";

/** What an outbox needs of a socket. */
export type Writer = Pick<WebSocket, "bufferedAmount" | "send" | "pause" | "resume">;

export interface OutboxLimits {
  /** No event is pulled or sent while more than this waits to be read. */
  readonly maxBufferBytes: number;
  /** How long a socket may be over that without a frame leaving. */
  readonly slowReaderMs: number;
}

/**
 * A socket's way out. Keeps what waits for a slow reader bounded: events wait for `room`, and a peer whose requests
 * are answered faster than it reads is not read from either. A reader that takes nothing for too long is given up.
 */
export class Outbox {
  readonly #socket: Writer;
  readonly #limits: OutboxLimits;
  readonly #onSlow: () => void;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
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

  /** Resolves when an event may be pulled or sent, in the order of the asking, or when the outbox is closed. */
  room(): Promise<void> {
    if (this.#closed || (!this.full && this.#waiting.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  send(bytes: string | Uint8Array): void {
    if (this.#closed) return;
    this.#socket.send(bytes, { binary: typeof bytes !== "string" }, () => this.#left());
    if (this.full) this.#watch();
    // Twice the limit leaves a reader that is merely slow able to cancel.
    if (!this.#paused && this.#socket.bufferedAmount > 2 * this.#limits.maxBufferBytes) {
      this.#paused = true;
      this.#socket.pause();
    }
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
    if (this.full) {
      this.#watch();
      return;
    }
    if (this.#paused) this.#socket.resume();
    this.#paused = false;
    this.#release();
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
