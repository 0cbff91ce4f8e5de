/** A batch that has been sent; the caller keeps it to tell when it has come back. */
export interface BatchTurn {
  /** When a worker was free for it; undefined while it waits behind others. */
  startMs: number | undefined;
}

/**
 * How long each batch keeps a worker from the next one: from when it was sent, or from when the one that it waited behind
 * came back, until it comes back itself. So time behind other batches is not counted, nor time in which there was nothing
 * to run; what the engine does between two batches is. Pure, O(1).
 */
export class BatchTurns {
  readonly #workers: number;
  readonly #waiting = new Set<BatchTurn>();
  #running = 0;

  constructor(workers: number) {
    this.#workers = workers;
  }

  send(nowMs: number): BatchTurn {
    const turn: BatchTurn = { startMs: undefined };
    if (this.#running < this.#workers) this.#start(turn, nowMs);
    else this.#waiting.add(turn);
    return turn;
  }

  /** @returns the length of its turn, in ms; 0 where it never had one */
  back(turn: BatchTurn, nowMs: number): number {
    if (turn.startMs === undefined) {
      this.#waiting.delete(turn);
      return 0;
    }
    this.#running--;
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.#start(next, nowMs);
      break;
    }
    return nowMs - turn.startMs;
  }

  #start(turn: BatchTurn, nowMs: number): void {
    turn.startMs = nowMs;
    this.#running++;
  }
}
