import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Priority } from "../../server/engine/device-schedule.ts";
import type { Observer, SimulatedBatch, SimulatedJob } from "./simulated-device.ts";
import type { Ended } from "./simulation.ts";
import type { ArrivingJob } from "./workload.ts";

/** Times are counted in tenths of a ms, up to a day, right to a hundredth: a histogram of them has 26 KB. */
const UNITS_PER_MS = 10;
const LONGEST = 24 * 3600 * 1000 * UNITS_PER_MS;

/** A distribution of times in bounded memory. */
export class Times {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST,
    figures: 2,
  });

  add(ms: number): void {
    this.#histogram.record(Math.min(LONGEST, Math.max(1, Math.round(ms * UNITS_PER_MS))));
  }

  /** @param percent over 0, at most 100 */
  percentile(percent: number): number {
    return this.#histogram.percentile(percent) / UNITS_PER_MS;
  }

  get count(): number {
    return this.#histogram.count;
  }
}

/** What is known of the jobs of a tenant, or of a class. */
export class JobStatistics {
  jobs = 0;
  /** Device time while jobs came, in ms. */
  deviceMs = 0;
  /** From arrival to the end of the first step: what can be previewed. */
  readonly firstStep: Times = new Times();
  /** From arrival to the end of the last row. */
  readonly finish: Times = new Times();
}

/** What is counted of a run while it goes, in memory that does not grow with the jobs. */
export class Statistics implements Observer {
  readonly tenants: Map<string, JobStatistics> = new Map();
  readonly classes: Readonly<Record<Priority, JobStatistics>> = {
    interactive: new JobStatistics(),
    batch: new JobStatistics(),
  };
  jobs = 0;
  rows = 0;
  refusals = 0;
  /** Of jobs that were not refused: those with a deadline, and those that ended by it. */
  due = 0;
  met = 0;
  /** Jobs that were cancelled before they ended; evaluations of their rows that had been done by then. */
  cancels = 0;
  abandoned = 0;
  /** From the cancel to the end of the last step of its rows, when all registers are free. */
  readonly freeing: Times = new Times();
  batches = 0;
  evaluations = 0;
  /** Of each batch its places over its lane's limit, added up. */
  fullness = 0;
  readonly #endMs: number;

  /** @param endMs when jobs no longer come */
  constructor(endMs: number) {
    this.#endMs = endMs;
  }

  refused(_job: ArrivingJob): void {
    this.refusals++;
  }

  admitted(job: SimulatedJob): void {
    this.jobs++;
    this.rows += job.rows;
    if (job.deadlineMs !== undefined) this.due++;
    for (const each of this.#of(job)) each.jobs++;
  }

  stepped(job: SimulatedJob, nowMs: number): void {
    for (const { firstStep } of this.#of(job)) firstStep.add(nowMs - job.atMs);
  }

  ended(job: SimulatedJob, nowMs: number): void {
    if (job.deadlineMs !== undefined && nowMs <= job.deadlineMs) this.met++;
    for (const { finish } of this.#of(job)) finish.add(nowMs - job.atMs);
  }

  cancelled(job: SimulatedJob, nowMs: number): void {
    this.cancels++;
    for (const { left } of job.members) this.abandoned += job.evaluations - left;
    // Whether it would have been met is not known.
    if (job.deadlineMs !== undefined && nowMs <= job.deadlineMs) this.due--;
  }

  freed({ cancelledMs = 0 }: SimulatedJob, nowMs: number): void {
    this.freeing.add(nowMs - cancelledMs);
  }

  batch({ choice, device, stepMs, endMs }: SimulatedBatch): void {
    const { rows } = choice;
    this.batches++;
    this.evaluations += rows.length;
    const limit = device.costs.get(rows[0]?.job.model ?? "")?.limit ?? 1;
    this.fullness += rows.length / limit;
    if (endMs > this.#endMs) return;
    for (const { job } of rows) this.#tenant(job.tenant).deviceMs += stepMs / rows.length;
  }

  /** Jobs that have not ended count with the time that they have waited so far. */
  close({ left, endedMs }: Ended): void {
    for (const job of left) {
      for (const { firstStep, finish } of this.#of(job)) {
        if (job.firstStepMs === undefined) firstStep.add(endedMs - job.atMs);
        finish.add(endedMs - job.atMs);
      }
    }
  }

  #of({ tenant, priority }: ArrivingJob): JobStatistics[] {
    return [this.#tenant(tenant), this.classes[priority]];
  }

  #tenant(name: string): JobStatistics {
    let tenant = this.tenants.get(name);
    if (tenant === undefined) {
      tenant = new JobStatistics();
      this.tenants.set(name, tenant);
    }
    return tenant;
  }
}
