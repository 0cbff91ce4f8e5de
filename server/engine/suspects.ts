import type { Choice } from "./scheduler.ts";

/** How often a batch of several rows fails before it is split. */
const TRIES_TOGETHER = 2;

/** Rows whose batch has failed, and that run together again. */
export interface Retry<Row> extends Choice<Row> {
  /** How often it has failed, these rows and no others. */
  readonly failures: number;
}

/**
 * Which rows of a failed batch are to blame, by bisection: a batch runs once more as it was, then in halves, and so on
 * until a row fails by itself. One culprit among n rows costs 2 + log2 n + its tries alone, less one where n is 1, and
 * everybody else is past the step by then. The last batch that failed is split to its end before an older one: what fails in a row has the
 * culprit in common. Pure.
 */
export class Suspects<Row> {
  #waiting: Retry<Row>[] = [];

  /** Rows that wait here. */
  get size(): number {
    return this.#waiting.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /**
   * A batch has failed; rows that have ended meanwhile are left out.
   *
   * @param triesAlone how often a row fails by itself before it is to blame
   * @returns the row that is to blame, if that is known
   */
  failed({ lane, rows, failures }: Retry<Row>, triesAlone: number): Row | undefined {
    if (rows.length === 0) return undefined;
    const failed = failures + 1;
    if (failed < (rows.length > 1 ? TRIES_TOGETHER : triesAlone)) {
      this.#waiting.push({ lane, rows, failures: failed });
      return undefined;
    }
    if (rows.length === 1) return rows[0];
    const middle = Math.ceil(rows.length / 2);
    for (const half of [rows.slice(middle), rows.slice(0, middle)]) {
      // A half has one failure to its name: that of the whole.
      this.#waiting.push({ lane, rows: half, failures: half.length > 1 ? TRIES_TOGETHER - 1 : 0 });
    }
    return undefined;
  }

  /**
   * Takes the rows that run next, before all that have not failed.
   *
   * @param runs whether a lane can be run where they are taken to
   */
  next(runs: (lane: string) => boolean): Retry<Row> | undefined {
    const last = this.#waiting.findLastIndex(({ lane }) => runs(lane));
    return last < 0 ? undefined : this.#waiting.splice(last, 1)[0];
  }

  /** Takes a row out. @returns whether it was there */
  remove(row: Row): boolean {
    const before = this.size;
    this.#waiting = this.#waiting
      .map((retry) => ({ ...retry, rows: retry.rows.filter((other) => other !== row) }))
      .filter(({ rows }) => rows.length > 0);
    return this.size < before;
  }
}
