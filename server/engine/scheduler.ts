/** Rows of one lane that are to share the next network evaluation. */
export interface Choice<Row> {
  readonly lane: string;
  readonly rows: readonly Row[];
}

/** How a ready row is to run. */
export interface Readiness {
  /** By itself, because a batch that it was in failed twice; default false. */
  readonly alone?: boolean;
  /** Places in the batch that it takes, at least 1; default 1. */
  readonly places?: number;
}

interface Ready {
  /** Place in the order in which rows of all lanes became ready. */
  readonly arrival: number;
  readonly places: number;
}

/** Ready rows in the order in which they became ready. */
class Queue<Row> {
  readonly rows = new Map<Row, Ready>();
  /** Of all its rows together. */
  places = 0;

  add(row: Row, ready: Ready): void {
    this.rows.set(row, ready);
    this.places += ready.places;
  }

  remove(row: Row): boolean {
    const ready = this.rows.get(row);
    if (ready === undefined) return false;
    this.places -= ready.places;
    return this.rows.delete(row);
  }

  /** Takes the first rows that fit into `limit` places; the very first even where it does not. */
  take(limit: number): readonly Row[] {
    const taken: Row[] = [];
    let places = 0;
    for (const [row, ready] of this.rows) {
      if (taken.length > 0 && places + ready.places > limit) break;
      taken.push(row);
      places += ready.places;
    }
    for (const row of taken) this.remove(row);
    return taken;
  }
}

interface Lane<Row> {
  /** Places of the largest batch. */
  readonly limit: number;
  readonly ready: Queue<Row>;
  /** Rows that must run by themselves. */
  readonly alone: Queue<Row>;
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
    this.#lanes.set(lane, { limit, ready: new Queue(), alone: new Queue() });
  }

  /** Rows that are ready and have not been chosen. */
  get size(): number {
    return this.#size;
  }

  /** Places of a lane's largest batch. */
  limit(lane: string): number {
    return this.#lane(lane).limit;
  }

  /** A row is ready for its next step. @throws RangeError where it is in the lane already */
  add(lane: string, row: Row, { alone = false, places = 1 }: Readiness = {}): void {
    const queues = this.#lane(lane);
    if (queues.ready.rows.has(row) || queues.alone.rows.has(row)) {
      throw new RangeError("the row is ready already");
    }
    (alone ? queues.alone : queues.ready).add(row, { arrival: this.#arrivals++, places });
    this.#size++;
  }

  /** Takes a row out. @returns whether it was there */
  remove(lane: string, row: Row): boolean {
    const { ready, alone } = this.#lane(lane);
    const removed = ready.remove(row) || alone.remove(row);
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
    let chosen: { lane: string; from: Queue<Row>; limit: number; arrival: number } | undefined;
    for (const [name, lane] of this.#lanes) {
      for (const from of [lane.alone, lane.ready]) {
        const limit = from === lane.alone ? 1 : lane.limit;
        const first = from.rows.values().next().value;
        if (first === undefined || (full && from.places < limit)) continue;
        if (chosen === undefined || first.arrival < chosen.arrival) {
          chosen = { lane: name, from, limit, arrival: first.arrival };
        }
      }
    }
    if (chosen === undefined) return undefined;
    const rows = chosen.from.take(chosen.limit);
    this.#size -= rows.length;
    return { lane: chosen.lane, rows };
  }

  #lane(name: string): Lane<Row> {
    const lane = this.#lanes.get(name);
    if (lane === undefined) throw new RangeError(`no lane ${name}`);
    return lane;
  }
}
