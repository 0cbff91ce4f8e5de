/**
 * Rows in order of arrival, of which any can be taken out: O(1) each, amortised. (A Set's first is O(n) after deletions.)
 * Those that have gone are held no longer than until they are half of it.
 */
export class Fifo<Row> {
  /** In order; those that have gone are skipped when they come up. */
  #order: Row[];
  #from = 0;
  readonly #present: Set<Row>;

  constructor(rows: Iterable<Row> = []) {
    this.#order = [...rows];
    this.#present = new Set(this.#order);
  }

  get size(): number {
    return this.#present.size;
  }

  get first(): Row | undefined {
    for (; this.#from < this.#order.length; this.#from++) {
      const row = this.#order[this.#from];
      if (row !== undefined && this.#present.has(row)) return row;
    }
    return undefined;
  }

  /** @param row one that was never in it */
  add(row: Row): void {
    this.#order.push(row);
    this.#present.add(row);
  }

  /** @returns whether it was there */
  delete(row: Row): boolean {
    const present = this.#present.delete(row);
    if (present) this.#compact();
    return present;
  }

  *[Symbol.iterator](): Generator<Row, void, undefined> {
    for (const row of this.#order.slice(this.#from)) if (this.#present.has(row)) yield row;
  }

  #compact(): void {
    if (this.#order.length < 32 || 2 * this.#present.size > this.#order.length) return;
    this.#order = [...this.#present];
    this.#from = 0;
  }
}
