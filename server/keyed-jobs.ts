import { createHash } from "node:crypto";
import type { JobOptions } from "../proto/gen/scorestream/v1/scorestream.ts";
import type { Job } from "./engine/job.ts";
import { invalidArgument } from "./errors.ts";

/** What a caller names a request by, so that sending it again does not run it again. */
export interface RequestName {
  /** The call and the request's bytes: a key stands for one request. */
  readonly call: string;
  readonly bytes: Uint8Array;
  readonly options: JobOptions | undefined;
}

interface Keyed {
  readonly fingerprint: string;
  readonly job: Promise<Job>;
  /** The job once it is there. */
  started: Job | undefined;
}

/** Jobs by their tenant's idempotency keys, as long as the jobs are remembered. */
export class KeyedJobs {
  readonly #jobs = new Map<string, Keyed>();
  readonly #remembered: (job: Job) => boolean;

  /** @param remembered whether a job can still be watched */
  constructor(remembered: (job: Job) => boolean) {
    this.#remembered = remembered;
  }

  /**
   * The job of a request: that of its key where it runs or has completed, else a new one. A request without a key always
   * starts one. A job that failed or was cancelled frees its key, since whoever sends the request again wants it done.
   *
   * @throws ServerError "invalid-argument" for a key of another request; what `start` throws
   */
  async start(name: RequestName, start: () => Promise<Job>): Promise<Job> {
    const { idempotencyKey = "", tenant = "" } = name.options ?? {};
    if (idempotencyKey === "") return await start();
    const key = JSON.stringify([tenant, idempotencyKey]);
    const fingerprint = createHash("sha256").update(name.call).update(name.bytes).digest("hex");
    for (;;) {
      const known = this.#jobs.get(key);
      if (known === undefined) break;
      const job = await known.job.catch(() => undefined);
      if (job !== undefined && !job.failed && this.#remembered(job)) {
        if (known.fingerprint !== fingerprint) {
          const expected = "a key of its own for each request: this one is another request's";
          throw invalidArgument("options.idempotency_key", idempotencyKey, expected);
        }
        job.join();
        return job;
      }
      // Unless another caller has put a new one there meanwhile.
      if (this.#jobs.get(key) === known) this.#jobs.delete(key);
    }
    const job = start();
    const keyed: Keyed = { fingerprint, job, started: undefined };
    this.#sweep();
    this.#jobs.set(key, keyed);
    try {
      keyed.started = await job;
    } catch (error) {
      if (this.#jobs.get(key) === keyed) this.#jobs.delete(key);
      throw error;
    }
    return keyed.started;
  }

  /** Drops the keys of jobs that nobody can watch any more. */
  #sweep(): void {
    for (const [key, { started }] of this.#jobs) {
      if (started !== undefined && (started.failed || !this.#remembered(started))) {
        this.#jobs.delete(key);
      }
    }
  }
}
