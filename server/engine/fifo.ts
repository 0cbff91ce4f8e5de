/** Rows in order of arrival, of which any can be taken out: O(1) each, amortised. (A Set's first is O(n) after deletions.) */
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
      if (row !== undefined && this.#present.has(row)) {
        this.#compact();
        return row;
      }
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
    return this.#present.delete(row);
  }

  *[Symbol.iterator](): Generator<Row, void, undefined> {
    for (const row of this.#order.slice(this.#from)) if (this.#present.has(row)) yield row;
  }

  /** Lets those go that have gone, once they are half of it. */
  #compact(): void {
    if (this.#from < 32 || 2 * this.#from < this.#order.length) return;
    this.#order = this.#order.slice(this.#from);
    this.#from = 0;
  }
}
