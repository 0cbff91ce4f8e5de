import { Piscina } from "piscina";
import type {
  BatchAnswer,
  BatchTask,
  DeriveAnswer,
  DeriveTask,
  ProfileAnswer,
  ProfileTask,
  WorkerFailure,
  WorkerSetup,
  WorkerTask,
} from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";

/** Tasks that a thread holds: one that runs, and one that it finds when it has done. */
const TASKS_PER_THREAD = 2;

export interface WorkersOptions {
  readonly slab: SharedArrayBuffer;
  /** Threads, each with its own ONNX Runtime sessions. */
  readonly threads: number;
  /** The task's compiled file. */
  readonly filename?: string;
}

/** The threads that evaluate networks. A thread that dies is replaced; its tasks are rejected. */
export class Workers {
  readonly #pool: Piscina;
  readonly threads: number;

  constructor({ slab, threads, filename }: WorkersOptions) {
    this.threads = threads;
    const setup: WorkerSetup = { slab };
    this.#pool = new Piscina({
      filename: filename ?? new URL("../../worker/main.js", import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: TASKS_PER_THREAD,
      workerData: setup,
    });
    // A thread that dies between tasks rejects none; the pool replaces it all the same.
    this.#pool.on("error", () => {});
  }

  /** Tasks that may be given out at once. */
  get capacity(): number {
    return this.threads * TASKS_PER_THREAD;
  }

  /** @throws ServerError "worker-lost" where the thread died, "internal" where the evaluation failed */
  batch(task: BatchTask): Promise<BatchAnswer> {
    return this.#run<BatchAnswer>(task);
  }

  /** @throws as `batch` */
  profile(task: ProfileTask): Promise<ProfileAnswer> {
    return this.#run<ProfileAnswer>(task);
  }

  /** @throws ServerError "capability-missing" where there is no such graph; else as `batch` */
  derive(task: DeriveTask): Promise<DeriveAnswer> {
    return this.#run<DeriveAnswer>(task);
  }

  /** Ends every thread, whatever it is doing. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #run<Answer extends { readonly ok: true }>(task: WorkerTask): Promise<Answer> {
    let answer: Answer | WorkerFailure;
    try {
      answer = await this.#pool.run(task);
    } catch (cause) {
      throw new ServerError("worker-lost", "a worker thread ended in the middle of a step", {
        cause,
      });
    }
    if (answer.ok) return answer;
    if (answer.code === "not-derivable")
      throw new ServerError("capability-missing", answer.message);
    throw new ServerError("internal", `the network's evaluation failed: ${answer.message}`);
  }
}
