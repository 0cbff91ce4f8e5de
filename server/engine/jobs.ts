import { ServerError } from "../errors.ts";
import type { Job } from "./job.ts";

const MIB = 1024 * 1024;

/** A caller who was refused for want of room is told to wait at least so long, in ms. */
const MIN_RETRY_MS = 100;

export interface JobBounds {
  /** How long an ended job is remembered, in ms. */
  readonly retentionMs: number;
  /** Results of all jobs together: what those that run may answer with, and what the others have; default no bound. */
  readonly maxResultBytes?: number | undefined;
}

/**
 * Every job that runs, and for a while those that have ended, the oldest of which make room for new jobs' results. Each call
 * costs amortised constant time.
 */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  /** Those that have ended, in the order of their ends: the first is the next to be forgotten. */
  readonly #ended = new Set<Job>();
  readonly #retentionMs: number;
  readonly #maxResultBytes: number;
  readonly #onForgotten: (id: string) => void;
  /** What those that run may answer with, and what those that have ended have. */
  #runningBytes = 0;
  #endedBytes = 0;

  /** @param onForgotten told of each job that is remembered no longer */
  constructor(
    { retentionMs, maxResultBytes = Number.POSITIVE_INFINITY }: JobBounds,
    onForgotten: (id: string) => void,
  ) {
    this.#retentionMs = retentionMs;
    this.#maxResultBytes = maxResultBytes;
    this.#onForgotten = onForgotten;
  }

  /** Results of jobs, in bytes: of those that run as many as they may have. */
  get resultBytes(): number {
    return this.#runningBytes + this.#endedBytes;
  }

  /**
   * Whether a job may come that answers with so many bytes at most.
   *
   * @param waitMs what a caller who is refused is told to wait: as long as a job like this takes
   * @throws ServerError "too-large" where it could never come, "queue-full" where jobs that run have taken the room
   */
  checkRoom(bytes: number, waitMs: number): void {
    const [asked, most, taken] = [bytes, this.#maxResultBytes, this.#runningBytes].map((value) =>
      Number((value / MIB).toPrecision(4)),
    );
    if (bytes > this.#maxResultBytes) {
      const message = `the job's results may take ${asked} MiB, expected at most ${most} (--max-result-mib)`;
      throw new ServerError("too-large", message);
    }
    if (bytes === 0 || this.#runningBytes + bytes <= this.#maxResultBytes) return;
    const message = `results of jobs that run may take ${taken} of ${most} MiB and the job's ${asked} (--max-result-mib)`;
    const retryAfterMs = Math.max(MIN_RETRY_MS, Math.ceil(waitMs));
    throw new ServerError("queue-full", message, { retryAfterMs });
  }

  /** Takes a job that there is room for. */
  add(job: Job): void {
    this.#runningBytes += job.spec.resultBytes ?? 0;
    this.#sweep(job.submittedMs);
    this.#jobs.set(job.id, job);
  }

  /** A job that was added has ended. */
  end(job: Job): void {
    this.#runningBytes -= job.spec.resultBytes ?? 0;
    this.#endedBytes += job.answeredBytes;
    this.#ended.add(job);
  }

  get(id: string, nowMs: number): Job | undefined {
    this.#sweep(nowMs);
    return this.#jobs.get(id);
  }

  #sweep(nowMs: number): void {
    for (const job of this.#ended) {
      const isNew = nowMs - (job.endedMs ?? nowMs) < this.#retentionMs;
      if (isNew && this.resultBytes <= this.#maxResultBytes) return;
      this.#ended.delete(job);
      this.#endedBytes -= job.answeredBytes;
      this.#jobs.delete(job.id);
      this.#onForgotten(job.id);
    }
  }
}
