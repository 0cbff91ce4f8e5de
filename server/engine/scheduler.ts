/** Rows of one lane that are to share the next network evaluation. */
export interface Choice<Row> {
  readonly lane: string;
  readonly rows: readonly Row[];
}

interface Lane<Row> {
  /** The largest batch. */
  readonly limit: number;
  /** Ready rows in the order they became ready, with their place in that order over all lanes. */
  readonly ready: Map<Row, number>;
  /** Ready rows that must run by themselves, because a batch that they were in failed twice. */
  readonly alone: Map<Row, number>;
}

/**
 * Decides which rows run next: first come, first served by when a row became ready for its next step, so that
 * rows that are running take turns. Rows share a batch only within a lane (one graph of one model).
 *
 * Pure and synchronous: no I/O and no clock. Every operation costs O(1) per row, plus the number of lanes.
 */
export class Scheduler<Row> {
  readonly #lanes = new Map<string, Lane<Row>>();
  #arrivals = 0;
  #size = 0;

  /** Opens a lane. @throws RangeError where it is open or the limit is no integer >= 1 */
  open(lane: string, limit: number): void {
    if (this.#lanes.has(lane)) throw new RangeError(`lane ${lane} is open already`);
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`a lane's limit must be an integer of at least 1; seen ${limit}`);
    }
    this.#lanes.set(lane, { limit, ready: new Map(), alone: new Map() });
  }

  /** Rows that are ready and have not been chosen. */
  get size(): number {
    return this.#size;
  }

  /** The largest batch of a lane. */
  limit(lane: string): number {
    return this.#lane(lane).limit;
  }

  /** A row is ready for its next step. @throws RangeError where it is in the lane already */
  add(lane: string, row: Row, alone = false): void {
    const { ready, alone: lonely } = this.#lane(lane);
    if (ready.has(row) || lonely.has(row)) throw new RangeError("the row is ready already");
    (alone ? lonely : ready).set(row, this.#arrivals++);
    this.#size++;
  }

  /** Takes a row out. @returns whether it was there */
  remove(lane: string, row: Row): boolean {
    const { ready, alone } = this.#lane(lane);
    const removed = ready.delete(row) || alone.delete(row);
    if (removed) this.#size--;
    return removed;
  }

  /**
   * Takes the rows that run next.
   *
   * @param full choose only among batches that could not get any fuller: for work that is queued behind a batch
   *   that still runs, where a part of a batch would keep its rows from those that come back in a moment
   */
  next(full = false): Choice<Row> | undefined {
    let chosen:
      | { name: string; lane: Lane<Row>; from: Map<Row, number>; arrival: number }
      | undefined;
    for (const [name, lane] of this.#lanes) {
      for (const from of [lane.alone, lane.ready]) {
        const limit = from === lane.alone ? 1 : lane.limit;
        const arrival = from.values().next().value;
        if (arrival === undefined || (full && from.size < limit)) continue;
        if (chosen === undefined || arrival < chosen.arrival)
          chosen = { name, lane, from, arrival };
      }
    }
    if (chosen === undefined) return undefined;
    const { name, lane, from } = chosen;
    const limit = from === lane.alone ? 1 : lane.limit;
    const rows: Row[] = [];
    for (const row of from.keys()) {
      if (rows.length === limit) break;
      rows.push(row);
    }
    for (const row of rows) from.delete(row);
    this.#size -= rows.length;
    return { lane: name, rows };
  }

  #lane(name: string): Lane<Row> {
    const lane = this.#lanes.get(name);
    if (lane === undefined) throw new RangeError(`no lane ${name}`);
    return lane;
  }
}
