import type { Job } from "./job.ts";

/** Every job that runs, and for a while those that have ended. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #retentionMs: number;

  /** @param retentionMs how long an ended job is remembered */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  get size(): number {
    return this.#jobs.size;
  }

  add(job: Job): void {
    this.#sweep(job.submittedMs);
    this.#jobs.set(job.id, job);
  }

  get(id: string, nowMs: number): Job | undefined {
    this.#sweep(nowMs);
    return this.#jobs.get(id);
  }

  #sweep(nowMs: number): void {
    for (const [id, { endedMs }] of this.#jobs) {
      if (endedMs !== undefined && nowMs - endedMs >= this.#retentionMs) this.#jobs.delete(id);
    }
  }
}
