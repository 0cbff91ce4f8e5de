import type {
  BatchAnswer,
  BatchTask,
  GraphSource,
  ProfileAnswer,
  ProfileTask,
} from "../../worker/protocol.ts";
import type { EngineWorkers } from "../engine/workers.ts";
import { ServerError } from "../errors.ts";
import { type Deferred, deferred } from "./deferred.ts";

/** A batch that the engine has sent, and that comes back when a test says so. */
interface Sent {
  readonly task: BatchTask;
  readonly answer: Deferred<BatchAnswer | ServerError>;
}

/** How a batch comes back: done; failed; with its worker lost; or done with numbers that are none in its first row. */
export type Outcome = "done" | "failed" | "lost" | "nonfinite";

/**
 * The workers of a device whose batches a test answers one by one: no thread, no network and no clock. Steps are said to take
 * no time, which the engine leaves out, so that its costs stay those of `stepMs`.
 */
export class ScriptedWorkers implements EngineWorkers {
  readonly name: string = "scripted";
  readonly kind: string = "scripted";
  readonly batchSizes: readonly number[] = [];
  readonly threads: number = 1;
  readonly capacity = 2;
  /** Batches that have not come back, the oldest first. */
  readonly sent: Sent[] = [];
  out: ServerError | undefined;
  readonly #stepMs: (places: number) => number;
  readonly #onBatch: (task: BatchTask) => void;
  readonly #followers: (() => void)[] = [];

  /**
   * @param stepMs what a step takes by its places, in ms, as the profile says
   * @param onBatch told of each batch that is sent
   */
  constructor(
    stepMs: (places: number) => number,
    onBatch: (task: BatchTask) => void = () => undefined,
  ) {
    this.#stepMs = stepMs;
    this.#onBatch = onBatch;
  }

  follow(changed: () => void): void {
    this.#followers.push(changed);
  }

  async batch(task: BatchTask): Promise<BatchAnswer> {
    if (this.out !== undefined) throw this.out;
    this.#onBatch(task);
    const answer = deferred<BatchAnswer | ServerError>();
    this.sent.push({ task, answer });
    const answered = await answer.promise;
    if (answered instanceof ServerError) throw answered;
    return answered;
  }

  /** Lets the batch of that place come back. @returns the batch; undefined where there is none */
  answer(place: number, outcome: Outcome): BatchTask | undefined {
    const [sent] = this.sent.splice(place, 1);
    if (sent === undefined) return undefined;
    if (outcome === "failed") sent.answer.resolve(new ServerError("internal", "the step failed"));
    else if (outcome === "lost") sent.answer.resolve(new ServerError("worker-lost", "it ended"));
    else {
      const rows = sent.task.rows.map((_, i) => {
        return { written: 1, scalars: [], finite: outcome === "done" || i > 0 };
      });
      sent.answer.resolve({ ok: true, rows, padding: 0, evaluateMs: 0, totalMs: 0 });
    }
    return sent.task;
  }

  /** Takes the device out, with all that it has, or brings it back. */
  turn(out: boolean): void {
    this.out = out ? new ServerError("worker-lost", "the device was taken out") : undefined;
    if (this.out !== undefined) {
      for (const { answer } of this.sent.splice(0)) answer.resolve(this.out);
    }
    for (const changed of this.#followers) changed();
  }

  async profile({ batchSizes }: ProfileTask): Promise<ProfileAnswer> {
    return { ok: true, stepMs: batchSizes.map(this.#stepMs) };
  }

  derive(): never {
    throw new ServerError("capability-missing", "nothing is derived here");
  }

  /** Graphs that were run in every worker, with the sizes. */
  readonly warmed: { readonly key: string; readonly batchSizes: readonly number[] }[] = [];

  async warm({ key }: GraphSource, batchSizes: readonly number[]): Promise<void> {
    this.warmed.push({ key, batchSizes });
  }

  async release(): Promise<void> {}
}
