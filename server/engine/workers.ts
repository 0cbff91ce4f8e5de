import { setTimeout } from "node:timers/promises";
import type {
  BatchAnswer,
  BatchTask,
  DeriveAnswer,
  DeriveTask,
  Execution,
  GraphSource,
  ProfileAnswer,
  ProfileTask,
  TryAnswer,
  WorkerAnswer,
  WorkerFailure,
  WorkerTask,
} from "../../worker/protocol.ts";
import type { Isolation } from "../config/config.ts";
import { asServerError, ServerError, shuttingDown } from "../errors.ts";
import { settled } from "../settled.ts";
import { DeviceHealth } from "./device-health.ts";
import type { Bench } from "./measure-lanes.ts";
import { startProcess } from "./process-carrier.ts";
import { startThread } from "./thread-carrier.ts";
import { type Loss, type SlotOptions, WorkerSlot } from "./worker-slot.ts";

/** Tasks that a worker holds: one that runs, and one that it finds when it has done. */
const TASKS_PER_WORKER = 2;
/** A batch counts as hung after this many times what it was expected to take, and not before the watchdog's time. */
const HUNG_STEPS = 20;
/** Tasks of many evaluations may take this many times the watchdog's time. */
const PROFILE_BOUND = 10;
const DERIVE_BOUND = 30;
/** Probes that a suspect device must fail, one after the other, to be taken out. */
const PROBES = 2;

export interface WorkersOptions {
  /** What the device is called in logs; default "cpu". */
  readonly name?: string;
  /** How its workers run networks; default on the CPU. */
  readonly execution?: Execution;
  readonly slab: SharedArrayBuffer;
  /** Workers, each with its own ONNX Runtime sessions. */
  readonly threads: number;
  /** What a worker runs in; default "thread". */
  readonly isolation?: Isolation;
  /** A batch that takes longer is hung, in ms; default 60 s. */
  readonly watchdogMs?: number;
  /** Heap of a worker's JavaScript, in MiB; default 2048. */
  readonly maxHeapMib?: number;
  /** The workers' compiled file. */
  readonly filename?: string;
  /** What another file than the default one is told, in tests. */
  readonly testing?: unknown;
  /** Waits so long before a device that is out is asked again; another way only in tests. */
  readonly pause?: (ms: number) => Promise<void>;
  readonly onLost?: (loss: Loss) => void;
  /** Drops what workers print; only in tests. */
  readonly quiet?: boolean;
}

/** Tasks that run when the workers are closed have so long to end, in ms: many steps of a batch. */
const CLOSE_MS = 5_000;

/** What the engine asks of a device. */
export type EngineWorkers = Bench &
  Pick<
    Workers,
    | "name"
    | "kind"
    | "batchSizes"
    | "threads"
    | "capacity"
    | "out"
    | "follow"
    | "batch"
    | "warm"
    | "release"
  >;

/** The workers of one device, which evaluate networks. One that ends or hangs is replaced. */
export class Workers implements Bench {
  readonly name: string;
  /** Two devices of one kind give the same bits. */
  readonly kind: string;
  /** Places that its runs are filled up to; none: any number is as good. */
  readonly batchSizes: readonly number[];
  readonly threads: number;
  readonly #slots: readonly WorkerSlot[];
  readonly #slotOptions: SlotOptions;
  /** Workers beside those that serve. */
  readonly #apart = new Set<WorkerSlot>();
  readonly #watchdogMs: number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #health = new DeviceHealth();
  readonly #followers: (() => void)[] = [];
  /** Evaluations that have worked, by their sources' keys: a probe repeats the last. */
  readonly #probes = new Map<string, ProfileTask>();
  #out: ServerError | undefined;
  /** Whether a suspect device works is being found out. */
  #examination: Promise<void> | undefined;
  #closed = false;
  /** Tasks that the workers have. */
  readonly #underWay = new Set<Promise<WorkerAnswer>>();

  constructor(options: WorkersOptions) {
    const { slab, threads, isolation, watchdogMs, maxHeapMib, filename, testing, onLost } = options;
    const { name = "cpu", execution = { provider: "cpu" } } = options;
    const { deviceId: _, ...alike } = execution;
    this.name = name;
    this.kind = JSON.stringify(alike);
    this.batchSizes = execution.batchSizes ?? [];
    this.threads = threads;
    this.#watchdogMs = watchdogMs ?? 60_000;
    this.#pause = options.pause ?? ((ms) => setTimeout(ms, undefined, { ref: false }));
    const slot = {
      slab,
      file: new URL(filename ?? "../../worker/main.js", import.meta.url),
      startCarrier: isolation === "process" ? startProcess : startThread,
      maxHeapMib: maxHeapMib ?? 2048,
      execution,
      testing,
      quiet: options.quiet ?? false,
      ...(onLost === undefined ? {} : { onLost }),
    };
    this.#slotOptions = slot;
    this.#slots = Array.from({ length: threads }, () => new WorkerSlot(slot));
  }

  /** Tasks that may be given out at once. */
  get capacity(): number {
    return this.threads * TASKS_PER_WORKER;
  }

  /** Why the device is out; undefined while it works. */
  get out(): ServerError | undefined {
    return this.#out;
  }

  /** Calls `changed` whenever the device has been taken out or has come back. */
  follow(changed: () => void): void {
    this.#followers.push(changed);
  }

  /**
   * @param expectedMs what it should take
   * @throws ServerError "worker-lost" where the worker ended, or the device is out; "internal" where the evaluation
   *   failed or hung
   */
  async batch(task: BatchTask, expectedMs = 0): Promise<BatchAnswer> {
    if (this.#out !== undefined) throw this.#out;
    try {
      const boundMs = Math.max(this.#watchdogMs, HUNG_STEPS * expectedMs);
      const answer = await this.#run<BatchAnswer>(task, boundMs);
      this.#health.succeeded();
      return answer;
    } catch (error) {
      // No row is to blame where workers can't even be started, or where the device turns out to be broken.
      if (this.#slots.some(({ broken }) => broken)) await this.#takeOut(asServerError(error));
      else if (this.#health.failed()) this.#examination = this.#examine();
      await this.#examination;
      throw this.#out ?? error;
    }
  }

  /** @throws as `batch` */
  async profile(task: ProfileTask): Promise<ProfileAnswer> {
    const answer = await this.#run<ProfileAnswer>(task, PROFILE_BOUND * this.#watchdogMs);
    this.#probes.set(task.source.key, { ...task, batchSizes: task.batchSizes.slice(0, 1) });
    return answer;
  }

  /** Loads a graph in every worker and runs it at each batch size, so that no batch waits for that. @throws as `batch` */
  async warm(source: GraphSource, batchSizes: readonly number[]): Promise<void> {
    if (this.#out !== undefined) throw this.#out;
    const task = {
      kind: "profile",
      source,
      batchSizes,
      enoughMs: Number.POSITIVE_INFINITY,
    } as const;
    for (const slot of this.#slots) {
      answerOf(await slot.run(task, PROFILE_BOUND * this.#watchdogMs));
    }
    this.#probes.set(source.key, { ...task, batchSizes: batchSizes.slice(0, 1) });
  }

  /** Evaluates a network of one operator, to see whether the device works at all. @throws as `batch` */
  async try(): Promise<void> {
    await this.#run<TryAnswer>({ kind: "try" }, this.#watchdogMs);
  }

  /** Frees the sessions of graphs that are evaluated no more, in every worker. Never throws. */
  async release(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#probes.delete(key);
    // Workers that have ended have no sessions left.
    if (keys.length === 0 || this.#out !== undefined || this.#closed) return;
    const task = { kind: "release", keys } as const;
    await Promise.allSettled(this.#slots.map((slot) => slot.run(task, this.#watchdogMs)));
  }

  /**
   * Lends a worker beside those that serve, always a process: what is tried there holds up no batch, and ends nothing
   * else when it crashes. It ends when `use` does.
   *
   * @throws ServerError "shutting-down"; what `use` throws
   */
  async apart<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
    const stopping = shuttingDown();
    if (this.#closed) throw stopping;
    const slot = new WorkerSlot({ ...this.#slotOptions, startCarrier: startProcess });
    this.#apart.add(slot);
    const run = async <Answer extends { readonly ok: true }>(
      task: WorkerTask,
      bound: number,
    ): Promise<Answer> => {
      if (this.#closed) throw stopping;
      return answerOf<Answer>(await slot.run(task, bound * this.#watchdogMs));
    };
    try {
      return await use({
        derive: (task) => run<DeriveAnswer>(task, DERIVE_BOUND),
        profile: (task) => run<ProfileAnswer>(task, PROFILE_BOUND),
      });
    } finally {
      this.#apart.delete(slot);
      await slot.stop(stopping);
    }
  }

  /** @throws ServerError "capability-missing" where there is no such graph; else as `batch` */
  derive(task: DeriveTask): Promise<DeriveAnswer> {
    return this.#run<DeriveAnswer>(task, DERIVE_BOUND * this.#watchdogMs);
  }

  /**
   * Takes no more tasks, lets those that run end, for a short while, and ends every worker. A thread that is ended inside
   * an evaluation takes the process with it: ONNX Runtime's addon throws where nothing can catch it.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await settled([...this.#underWay], CLOSE_MS);
    const stopping = shuttingDown();
    await Promise.all([
      this.#stop(stopping),
      ...[...this.#apart].map((slot) => slot.stop(stopping)),
    ]);
  }

  /** Decides whether a device that has failed repeatedly works. */
  async #examine(): Promise<void> {
    for (let probe = 1; ; probe++) {
      const problem = await this.#ask();
      // A batch that has come back meanwhile says more than a probe that was lost.
      if (problem === undefined || this.#health.state !== "suspect") break;
      if (probe === PROBES) return this.#takeOut(problem);
    }
    this.#health.succeeded();
  }

  /**
   * Takes the device out until it works again. Nothing is told before every worker has ended: rows that fail give back
   * registers that a worker might write to.
   */
  async #takeOut(cause: ServerError): Promise<void> {
    if (this.#out !== undefined || this.#closed) return;
    const retryAfterMs = this.#health.takenOut();
    const message = `the device fails repeatedly and was taken out: ${cause.message}`;
    this.#out = new ServerError("worker-lost", message, { cause, retryAfterMs });
    await this.#stop(this.#out);
    this.#tell();
    void this.#revive(retryAfterMs);
  }

  /** Asks a device that is out, ever more rarely, until it works. */
  async #revive(firstPauseMs: number): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = this.#health.probeFailed()) {
      await this.#pause(pauseMs);
      if (this.#closed) return;
      if ((await this.#ask()) === undefined) break;
    }
    this.#health.succeeded();
    this.#out = undefined;
    this.#tell();
  }

  /** @returns what is wrong with the device, if something is */
  async #ask(): Promise<ServerError | undefined> {
    const probe = [...this.#probes.values()].at(-1);
    if (probe === undefined) return new ServerError("internal", "nothing has worked on it yet");
    try {
      await this.#run<ProfileAnswer>(probe, this.#watchdogMs);
      return undefined;
    } catch (error) {
      return asServerError(error);
    }
  }

  async #stop(error: ServerError): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop(error)));
  }

  #tell(): void {
    for (const changed of this.#followers) changed();
  }

  async #run<Answer extends { readonly ok: true }>(
    task: WorkerTask,
    boundMs: number,
  ): Promise<Answer> {
    const [first, ...others] = this.#slots;
    if (first === undefined || this.#closed) {
      throw shuttingDown();
    }
    const slot = others.reduce((least, other) => (other.load < least.load ? other : least), first);
    const running = slot.run(task, boundMs);
    this.#underWay.add(running);
    try {
      return answerOf<Answer>(await running);
    } finally {
      this.#underWay.delete(running);
    }
  }
}

function answerOf<Answer extends { readonly ok: true }>(answer: WorkerAnswer): Answer {
  // A worker answers a task with that task's own answer.
  const known = answer as Answer | WorkerFailure;
  if (known.ok) return known;
  if (known.code === "not-derivable") throw new ServerError("capability-missing", known.message);
  if (known.code === "too-large") throw new ServerError("too-large", known.message);
  throw new ServerError("internal", `the network's evaluation failed: ${known.message}`);
}
