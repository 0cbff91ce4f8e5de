import type {
  BatchAnswer,
  ProfileAnswer,
  ReleaseTask,
  WorkerAnswer,
  WorkerFailure,
  WorkerTask,
} from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import { joinAnswers, shareBatch, sharedKey, sharedSource } from "./share-batch.ts";
import { type SlotOptions, WorkerSlot } from "./worker-slot.ts";

/**
 * A worker, and those that share its batches (docs/decisions/0029). The first has every task to itself but batches of graphs
 * with a `team`, and their profiles: these all have at once, a share each. The others are started when they are first needed,
 * and end with the last such graph.
 */
export class WorkerTeam {
  readonly #options: SlotOptions;
  readonly #first: WorkerSlot;
  readonly #others: WorkerSlot[] = [];
  /** Of the graphs that are shared. */
  readonly #keys = new Set<string>();

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#first = new WorkerSlot(options);
  }

  /** Tasks that it has been given and not answered. */
  get load(): number {
    return this.#first.load;
  }

  /** Workers can't even be started here. */
  get broken(): boolean {
    return [this.#first, ...this.#others].some(({ broken }) => broken);
  }

  /** A worker was given up; see WorkerSlot. */
  get stuck(): boolean {
    return [this.#first, ...this.#others].some(({ stuck }) => stuck);
  }

  /** @throws as WorkerSlot.run, and not before every share has been answered or its worker has ended */
  run(task: WorkerTask, boundMs: number): Promise<WorkerAnswer> {
    if (task.kind === "release") return this.#release(task, boundMs);
    const shares = this.#sharesOf(task);
    const [whole = task, ...others] = shares;
    if (others.length === 0) return this.#first.run(whole, boundMs);
    return this.#together(shares, boundMs);
  }

  /** Shares a graph's batches no longer. */
  async unshare(key: string, boundMs: number): Promise<void> {
    this.#keys.delete(key);
    const task = { kind: "release", keys: [sharedKey(key)] } as const;
    await this.#first.run(task, boundMs);
    await this.#releaseOthers(task, boundMs);
  }

  /** Ends the workers, then rejects every task with `error`. The next task starts others. */
  async stop(error: ServerError): Promise<void> {
    await Promise.all([this.#first, ...this.#others].map((slot) => slot.stop(error)));
  }

  #sharesOf(task: WorkerTask): readonly WorkerTask[] {
    if (task.kind === "batch") return shareBatch(task);
    if (task.kind !== "profile" || task.source.team === undefined) return [task];
    this.#keys.add(task.source.key);
    const share = { ...task, source: sharedSource(task.source) };
    return Array.from({ length: task.source.team.workers }, () => share);
  }

  /** A worker that has done its share has written to registers: nothing is told before none of them writes any more. */
  async #together(shares: readonly WorkerTask[], boundMs: number): Promise<WorkerAnswer> {
    const settled = await Promise.allSettled(
      shares.map((share, i) => this.#member(i).run(share, boundMs)),
    );
    const answers = settled.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    });
    const failure = answers.find((answer): answer is WorkerFailure => !answer.ok);
    if (failure !== undefined) return failure;
    // A worker answers a task with that task's own answer.
    return shares[0]?.kind === "batch"
      ? joinAnswers(answers as BatchAnswer[])
      : slowest(answers as ProfileAnswer[]);
  }

  #member(place: number): WorkerSlot {
    if (place === 0) return this.#first;
    const other = this.#others[place - 1] ?? new WorkerSlot(this.#options);
    this.#others[place - 1] = other;
    return other;
  }

  async #release(task: ReleaseTask, boundMs: number): Promise<WorkerAnswer> {
    const shared = task.keys.filter((key) => this.#keys.delete(key)).map(sharedKey);
    const keys = [...task.keys, ...shared];
    const [answer] = await Promise.all([
      this.#first.run({ kind: "release", keys }, boundMs),
      this.#releaseOthers({ kind: "release", keys: shared }, boundMs),
    ]);
    return answer;
  }

  async #releaseOthers(task: ReleaseTask, boundMs: number): Promise<void> {
    if (task.keys.length === 0) return;
    if (this.#keys.size > 0) {
      await Promise.all(this.#others.map((slot) => slot.run(task, boundMs)));
    } else {
      const idle = new ServerError("worker-lost", "no graph is shared any more");
      await Promise.all(this.#others.splice(0).map((slot) => slot.stop(idle)));
    }
  }
}

/** Of profiles that were taken side by side: each size takes as long as in the slowest worker. */
function slowest(profiles: readonly ProfileAnswer[]): ProfileAnswer {
  const [first] = profiles;
  const sizes = Math.min(...profiles.map(({ stepMs }) => stepMs.length));
  const stepMs = Array.from({ length: sizes }, (_, i) =>
    Math.max(...profiles.map((profile) => profile.stepMs[i] ?? 0)),
  );
  const { placesPerRun, placeBytes } = first ?? {};
  return {
    ok: true,
    stepMs,
    ...(placesPerRun === undefined ? {} : { placesPerRun }),
    ...(placeBytes === undefined ? {} : { placeBytes }),
  };
}
