import { createHash } from "node:crypto";
import type { JobOptions } from "../proto/gen/scorestream/v1/scorestream.ts";
import type { Job } from "./engine/job.ts";
import { ServerError } from "./errors.ts";

/** What a caller names a request by, so that sending it again does not run it again. */
export interface RequestName {
  /** The call and the request's bytes: a key stands for one request. */
  readonly call: string;
  readonly bytes: Uint8Array;
  readonly options: JobOptions | undefined;
}

interface Keyed {
  readonly fingerprint: string;
  /** Of the job once it is there; undefined where the request was refused. */
  readonly jobId: Promise<string | undefined>;
}

/** Jobs by their tenant's idempotency keys: as many as are remembered, at a constant cost each. */
export class KeyedJobs {
  readonly #keyed = new Map<string, Keyed>();
  /** The keys of the jobs that have begun, by the jobs' ids. */
  readonly #keys = new Map<string, string>();
  readonly #find: (id: string) => Job | undefined;

  /** @param find a job that can still be watched; of one that no longer can, `forget` is to be told */
  constructor(find: (id: string) => Job | undefined) {
    this.#find = find;
  }

  /** Keys that are taken. */
  get size(): number {
    return this.#keyed.size;
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
      const known = this.#keyed.get(key);
      if (known === undefined) break;
      const id = await known.jobId;
      const job = id === undefined ? undefined : this.#find(id);
      if (job !== undefined && !job.failed) {
        if (known.fingerprint !== fingerprint) {
          // A caller's key is its secret, and what callers are told is in the log for those who debug.
          throw new ServerError(
            "invalid-argument",
            "options.idempotency_key: seen the key of another request, expected one of its own for each",
          );
        }
        job.join();
        return job;
      }
      if (id !== undefined) this.#keys.delete(id);
      // Unless another caller has put a new one there meanwhile.
      if (this.#keyed.get(key) === known) this.#keyed.delete(key);
    }
    const starting = start();
    const jobId = starting.then(
      ({ id }) => {
        this.#keys.set(id, key);
        return id;
      },
      () => {
        this.#keyed.delete(key);
        return undefined;
      },
    );
    this.#keyed.set(key, { fingerprint, jobId });
    return await starting;
  }

  /** A job can't be watched any more. */
  forget(id: string): void {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    this.#keys.delete(id);
    this.#keyed.delete(key);
  }
}
