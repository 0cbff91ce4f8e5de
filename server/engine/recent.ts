/** The last few of a series of numbers, by rank; bounded memory. */
export class Recent {
  readonly #window: number;
  readonly #values: number[] = [];
  #next = 0;
  #sorted: readonly number[] | undefined;

  /** @param window how many are kept, at least 1 */
  constructor(window: number) {
    this.#window = window;
  }

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#window;
    this.#sorted = undefined;
  }

  get count(): number {
    return this.#values.length;
  }

  /** The least of them that no fewer than `share` of them, in (0, 1], are at most; undefined where there are none. */
  quantile(share: number): number | undefined {
    const sorted = this.#ascending();
    return sorted[Math.ceil(share * sorted.length) - 1];
  }

  /** The upper one where there are two; undefined where there are none. */
  get median(): number | undefined {
    const sorted = this.#ascending();
    return sorted[sorted.length >> 1];
  }

  #ascending(): readonly number[] {
    this.#sorted ??= this.#values.toSorted((a, b) => a - b);
    return this.#sorted;
  }
}
