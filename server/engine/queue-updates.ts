import type { Queued } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { duration } from "./duration.ts";
import type { RowForecast } from "./queue-forecast.ts";

/** A job is told at most this often where it stands, in ms. */
const INTERVAL_MS = 1000;

/** Of the server's thread, forecasts take at most this share. */
const SHARE = 1 / 50;

/** What has changed by less than this share is not told again. */
const CHANGE = 1 / 10;

/** Nor is a begin that has moved by less than this, in ms. */
const CHANGE_MS = 1000;

/** A job as far as it waits. */
export interface QueuedJob {
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  queue(queued: Queued): void;
}

/** One of its rows. */
interface QueuedRow {
  readonly job: QueuedJob;
}

/** Where a job stands. */
interface Standing {
  readonly ahead: number;
  readonly startMs: number;
  endMs: number;
}

/** What a job was told last. */
interface Told extends Standing {
  readonly atMs: number;
}

/**
 * Tells jobs that wait where they stand: soon after they have come, then when it has changed by a tenth, until their
 * first row begins. One forecast serves all of them, so that it costs each step nothing, and a job as many events as the
 * logarithm of its place.
 */
export class QueueUpdates {
  readonly #forecast: () => readonly RowForecast<QueuedRow>[];
  readonly #now: () => number;
  readonly #intervalMs: number;
  /** Jobs that wait, and what each was told last. */
  readonly #jobs = new Map<QueuedJob, Told | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  /** When the next forecast may be made. */
  #freeMs = Number.NEGATIVE_INFINITY;

  /**
   * @param forecast every row that waits, in the order in which they will begin
   * @param now the clock, in ms
   */
  constructor(
    forecast: () => readonly RowForecast<QueuedRow>[],
    now: () => number,
    intervalMs: number = INTERVAL_MS,
  ) {
    this.#forecast = forecast;
    this.#now = now;
    this.#intervalMs = intervalMs;
  }

  /** A job has come that none of whose rows has begun. */
  add(job: QueuedJob): void {
    this.#jobs.set(job, undefined);
    this.#schedule(Math.max(this.#now(), this.#freeMs));
  }

  #schedule(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#update(), dueMs - this.#now()).unref();
  }

  #update(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs.keys()) {
      if (job.startedMs !== undefined || job.endedMs !== undefined) this.#jobs.delete(job);
    }
    if (this.#jobs.size === 0) return;
    const nowMs = this.#now();
    for (const [job, standing] of standings(this.#forecast())) {
      const known = this.#jobs.has(job);
      if (known && this.#isNews(standing, this.#jobs.get(job), nowMs)) {
        this.#tell(job, standing, nowMs);
      }
    }
    const endMs = this.#now();
    this.#freeMs = endMs + (endMs - nowMs) / SHARE;
    this.#schedule(Math.max(this.#freeMs, endMs + this.#intervalMs));
  }

  #isNews({ ahead, startMs }: Standing, told: Told | undefined, nowMs: number): boolean {
    if (told === undefined) return true;
    if (nowMs - told.atMs < this.#intervalMs) return false;
    const moved = Math.abs(startMs - told.startMs);
    return (
      Math.abs(ahead - told.ahead) >= Math.max(1, CHANGE * told.ahead) ||
      moved >= Math.max(CHANGE_MS, CHANGE * (told.startMs - told.atMs))
    );
  }

  #tell(job: QueuedJob, standing: Standing, nowMs: number): void {
    const { ahead, startMs, endMs } = standing;
    this.#jobs.set(job, { ahead, startMs, endMs, atMs: nowMs });
    job.queue({
      rowsAhead: BigInt(standing.ahead),
      expectedWait: duration(standing.startMs - nowMs),
      expectedDuration: duration(standing.endMs - standing.startMs),
    });
  }
}

/** Where each job stands whose rows wait: by its first row's begin and its last row's end. */
function standings(rows: readonly RowForecast<QueuedRow>[]): Map<QueuedJob, Standing> {
  const jobs = new Map<QueuedJob, Standing>();
  for (const [ahead, { row, startMs, endMs }] of rows.entries()) {
    const known = jobs.get(row.job);
    if (known === undefined) jobs.set(row.job, { ahead, startMs, endMs });
    else known.endMs = Math.max(known.endMs, endMs);
  }
  return jobs;
}
