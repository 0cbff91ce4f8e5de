/** A draft is there soon; the exact one is what is to be seen in the end. */
export type Quality = "draft" | "exact";

interface Solve<P> {
  readonly point: P;
  readonly quality: Quality;
  readonly abort: AbortController;
}

/**
 * Solves for points of which only the newest is wanted, one at a time. A point that moves gets drafts: one that is under
 * way may end, so that something is seen while it goes on moving, and the next is of the newest point; all between are
 * passed over. A point that rests gets its draft and then the exact solution, which is given up at once when it moves.
 * Answers come in the order of their points.
 */
export class NewestFirst<P> {
  readonly #solve: (point: P, quality: Quality, signal: AbortSignal) => Promise<void>;
  #wanted: P | undefined;
  #rests = false;
  /** The last one solved. */
  #solved: { readonly point: P; readonly quality: Quality } | undefined;
  #running: Solve<P> | undefined;

  /** @param solve shows what it finds, unless it was aborted; where it fails, nothing more is tried until the point moves */
  constructor(solve: (point: P, quality: Quality, signal: AbortSignal) => Promise<void>) {
    this.#solve = solve;
  }

  /** @param point told apart from others by identity */
  move(point: P): void {
    this.#wanted = point;
    this.#rests = false;
    if (this.#running?.quality === "exact") this.#running.abort.abort();
    void this.#run();
  }

  rest(): void {
    this.#rests = true;
    void this.#run();
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#wanted = undefined;
    this.#running?.abort.abort();
  }

  async #run(): Promise<void> {
    if (this.#running !== undefined) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#running = next;
      const { point, quality, abort } = next;
      try {
        await this.#solve(point, quality, abort.signal);
        if (!abort.signal.aborted) this.#solved = { point, quality };
      } catch {
        if (!abort.signal.aborted && this.#wanted === point) this.#wanted = undefined;
      }
      this.#running = undefined;
    }
  }

  #next(): Solve<P> | undefined {
    const [point, abort] = [this.#wanted, new AbortController()];
    if (point === undefined) return undefined;
    if (this.#solved?.point !== point) return { point, quality: "draft", abort };
    if (this.#solved.quality === "draft" && this.#rests) return { point, quality: "exact", abort };
    return undefined;
  }
}
