import type { Job } from "./job.ts";

/** Timers of the jobs that have a deadline; a job's ends with it. */
export class JobDeadlines {
  readonly #timers = new Map<Job, NodeJS.Timeout>();

  /** Calls `onDeadline` when the job has not ended by its deadline, if it has one. */
  watch(job: Job, nowMs: number, onDeadline: () => void): void {
    const { deadlineMs } = job.spec;
    if (deadlineMs === undefined) return;
    const timer = setTimeout(() => {
      if (job.endedMs === undefined) onDeadline();
    }, deadlineMs - nowMs);
    this.#timers.set(job, timer);
  }

  forget(job: Job): void {
    clearTimeout(this.#timers.get(job));
    this.#timers.delete(job);
  }
}
