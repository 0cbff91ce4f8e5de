import type { Job } from "./job.ts";

/** Every job that runs, and for a while those that have ended. Each call costs amortised constant time. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  /** Those that have ended, in the order of their ends: the first is the next to be forgotten. */
  readonly #ended = new Set<Job>();
  readonly #retentionMs: number;
  readonly #onForgotten: (id: string) => void;

  /**
   * @param retentionMs how long an ended job is remembered
   * @param onForgotten told of each job that is remembered no longer
   */
  constructor(retentionMs: number, onForgotten: (id: string) => void) {
    this.#retentionMs = retentionMs;
    this.#onForgotten = onForgotten;
  }

  add(job: Job): void {
    this.#sweep(job.submittedMs);
    this.#jobs.set(job.id, job);
  }

  /** A job that was added has ended. */
  end(job: Job): void {
    this.#ended.add(job);
  }

  get(id: string, nowMs: number): Job | undefined {
    this.#sweep(nowMs);
    return this.#jobs.get(id);
  }

  #sweep(nowMs: number): void {
    for (const job of this.#ended) {
      if (nowMs - (job.endedMs ?? nowMs) < this.#retentionMs) return;
      this.#ended.delete(job);
      this.#jobs.delete(job.id);
      this.#onForgotten(job.id);
    }
  }
}
