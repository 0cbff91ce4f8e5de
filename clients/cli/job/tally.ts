import type {
  Accepted,
  Progress,
  Queued,
  RowCancelled,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { secondsOf } from "./duration.ts";

/** How far a job is. */
export class Tally {
  /** Results that there will be; undefined until the job is accepted, where only the server knows. */
  results: number | undefined;
  done = 0;
  /** Rows of others that go first; undefined: the server hasn't said. */
  rowsAhead: bigint | undefined;
  #accepted: Accepted | undefined;
  /** What the server expects, and when it said so, on the clock of performance.now(), in ms. */
  #expected: Pick<Accepted, "expectedWait" | "expectedDuration"> | undefined;
  #expectedAt = 0;
  /** When the first row moved. */
  #movedAt: number | undefined;
  readonly #evaluations = new Map<number, number>();
  readonly #fractions = new Map<number, number>();
  /** Likelihoods count rows that are no results. */
  readonly #rowsAreResults: boolean;

  /** @param results that there will be, where the request says so */
  constructor(results: number | undefined, rowsAreResults = true) {
    this.results = results;
    this.#rowsAreResults = rowsAreResults;
  }

  accept(accepted: Accepted, now: number): void {
    this.#accepted = accepted;
    this.#expected = accepted;
    this.#expectedAt = now;
    this.results ??= accepted.rows;
  }

  /** It waits, and the server has another guess. */
  queue(queued: Queued, now: number): void {
    this.rowsAhead = queued.rowsAhead;
    this.#expected = queued;
    this.#expectedAt = now;
  }

  progress({ row, evaluations, fraction }: Progress, now: number): void {
    this.#movedAt ??= now;
    this.#evaluations.set(row, Number(evaluations));
    this.#fractions.set(row, fraction);
  }

  /** A result has come. */
  finish(row: number, evaluations: bigint, now: number): void {
    this.#movedAt ??= now;
    this.done++;
    if (!this.#rowsAreResults) return;
    this.#evaluations.set(row, Number(evaluations));
    this.#fractions.set(row, 1);
  }

  /** There will be no result of an image. */
  leaveOut({ row, evaluations }: RowCancelled): void {
    if (this.results !== undefined) this.results--;
    if (!this.#rowsAreResults) return;
    this.#evaluations.set(row, Number(evaluations));
    this.#fractions.set(row, 1);
  }

  /** Of all rows. */
  get evaluations(): number {
    return sum(this.#evaluations);
  }

  /** In [0, 1]. */
  get fraction(): number {
    const rows = this.#accepted?.rows ?? 0;
    return rows === 0 ? 0 : Math.min(1, sum(this.#fractions) / rows);
  }

  get state(): "starting" | "queued" | "running" {
    if (this.#accepted === undefined) return "starting";
    return this.#movedAt === undefined ? "queued" : "running";
  }

  /** Seconds that are left: by what the server expected at first, then by the pace so far. undefined: not known. */
  remainingS(now: number): number | undefined {
    const expected = secondsOf(this.#expected?.expectedDuration);
    if (this.#movedAt !== undefined && this.fraction > 0.05) {
      const paceS = (now - this.#movedAt) / 1000 / this.fraction;
      return Math.max(0, paceS * (1 - this.fraction));
    }
    if (!expected) return undefined;
    const wait = this.#movedAt === undefined ? (secondsOf(this.#expected?.expectedWait) ?? 0) : 0;
    const since = (now - (this.#movedAt ?? this.#expectedAt)) / 1000;
    return Math.max(0, wait + expected - since);
  }
}

function sum(values: ReadonlyMap<number, number>): number {
  return [...values.values()].reduce((total, value) => total + value, 0);
}
