/** Lets so many tasks run at once; the others wait in order of arrival. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param limit tasks at once, at least 1 */
  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs a task when its turn comes; what it returns or throws is the caller's. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The place goes to the next one without being free in between.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
