import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
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
  Provider,
  TryAnswer,
  WorkerAnswer,
  WorkerFailure,
  WorkerTask,
} from "../../worker/protocol.ts";
import type { Isolation } from "../config/config.ts";
import { asServerError, ServerError, shuttingDown } from "../errors.ts";
import { DeviceHealth } from "./device-health.ts";
import type { Bench } from "./measure-lanes.ts";
import { startProcess } from "./process-carrier.ts";
import { type LaneProfile, LEAST_GAIN, profileTeam } from "./team-profile.ts";
import { startThread } from "./thread-carrier.ts";
import type { Loss, SlotOptions } from "./worker-slot.ts";
import { WorkerTeam } from "./worker-team.ts";

/** Tasks that a worker holds: one that runs, and one that it finds when it has done. */
const TASKS_PER_WORKER = 2;
/** A batch counts as hung after this many times what it was expected to take, and not before the watchdog's time. */
const HUNG_STEPS = 20;
/** Tasks of many evaluations may take this many times the watchdog's time. */
const PROFILE_BOUND = 10;
const DERIVE_BOUND = 30;
/** The sessions of a team may hold so many bytes of weights, as they are in the file. */
const MAX_TEAM_BYTES = 2 ** 30;
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
  /**
   * On the CPU: workers that share a batch where that is faster, at most; 0: as many as an evaluation has threads; default 1,
   * which is none beside each worker.
   */
  readonly team?: number;
  /** How much faster a team has to be; another gain only in tests. */
  readonly leastTeamGain?: number;
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
  readonly provider: Provider;
  /** Two devices of one kind give the same bits. */
  readonly kind: string;
  /** Places that its runs are filled up to; none: any number is as good. */
  readonly batchSizes: readonly number[];
  readonly threads: number;
  readonly #teams: readonly WorkerTeam[];
  readonly #slotOptions: SlotOptions;
  readonly #execution: Execution;
  readonly #teamWorkers: number;
  readonly #leastTeamGain: number;
  /** Workers beside those that serve. */
  readonly #apart = new Set<WorkerTeam>();
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

  constructor(options: WorkersOptions) {
    const { slab, threads, isolation, watchdogMs, maxHeapMib, filename, testing, onLost } = options;
    const { name = "cpu", execution = { provider: "cpu" } } = options;
    const { deviceId: _, ...alike } = execution;
    this.name = name;
    this.provider = execution.provider;
    this.kind = JSON.stringify(alike);
    this.batchSizes = execution.batchSizes ?? [];
    this.threads = threads;
    this.#execution = execution;
    this.#teamWorkers = options.team ?? 1;
    this.#leastTeamGain = options.leastTeamGain ?? LEAST_GAIN;
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
    this.#teams = Array.from({ length: threads }, () => new WorkerTeam(slot));
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
      if (this.#teams.some(({ broken }) => broken)) await this.#takeOut(asServerError(error));
      else if (this.#health.failed()) this.#examination = this.#examine();
      await this.#examination;
      throw this.#out ?? error;
    }
  }

  /** Measures one worker, and on the CPU a team beside it. @throws as `batch` */
  async profile(task: ProfileTask): Promise<LaneProfile> {
    const team = this.#leastLoaded();
    const profile = await this.#profileOn(team, task);
    this.#probes.set(task.source.key, { ...task, batchSizes: task.batchSizes.slice(0, 1) });
    return profile;
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
    const { team: _, ...ofOne } = source;
    const alone = { ...task, source: ofOne };
    for (const team of this.#teams) {
      answerOf(await team.run(alone, PROFILE_BOUND * this.#watchdogMs));
      if (source.team === undefined) continue;
      answerOf(await team.run({ ...task, batchSizes: [1] }, PROFILE_BOUND * this.#watchdogMs));
    }
    this.#probes.set(source.key, { ...alone, batchSizes: batchSizes.slice(0, 1) });
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
    await Promise.allSettled(this.#teams.map((team) => team.run(task, this.#watchdogMs)));
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
    const team = new WorkerTeam({ ...this.#slotOptions, startCarrier: startProcess });
    this.#apart.add(team);
    try {
      return await use({
        derive: async (task) => {
          if (this.#closed) throw stopping;
          return answerOf<DeriveAnswer>(await team.run(task, DERIVE_BOUND * this.#watchdogMs));
        },
        profile: (task) => this.#profileOn(team, task),
      });
    } finally {
      this.#apart.delete(team);
      await team.stop(stopping);
    }
  }

  /** @throws ServerError "capability-missing" where there is no such graph; else as `batch` */
  derive(task: DeriveTask): Promise<DeriveAnswer> {
    return this.#run<DeriveAnswer>(task, DERIVE_BOUND * this.#watchdogMs);
  }

  /** Some worker could not be ended: a thread of it would hold up the process's exit, or end it by a signal. */
  get stuck(): boolean {
    return [...this.#teams, ...this.#apart].some(({ stuck }) => stuck);
  }

  /** Takes no more tasks, and ends every worker: as soon as it is outside of ONNX Runtime, whatever else is to be done. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopping = shuttingDown();
    await Promise.all([
      this.#stop(stopping),
      ...[...this.#apart].map((team) => team.stop(stopping)),
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
    await Promise.all(this.#teams.map((team) => team.stop(error)));
  }

  #tell(): void {
    for (const changed of this.#followers) changed();
  }

  async #run<Answer extends { readonly ok: true }>(
    task: WorkerTask,
    boundMs: number,
  ): Promise<Answer> {
    const team = this.#leastLoaded();
    return answerOf<Answer>(await team.run(task, boundMs));
  }

  /** @throws ServerError "shutting-down" */
  #leastLoaded(): WorkerTeam {
    const [first, ...others] = this.#teams;
    if (first === undefined || this.#closed) throw shuttingDown();
    return others.reduce((least, other) => (other.load < least.load ? other : least), first);
  }

  async #profileOn(team: WorkerTeam, task: ProfileTask): Promise<LaneProfile> {
    const boundMs = PROFILE_BOUND * this.#watchdogMs;
    const run = async (one: ProfileTask): Promise<ProfileAnswer> => {
      if (this.#closed) throw shuttingDown();
      return answerOf<ProfileAnswer>(await team.run(one, boundMs));
    };
    const alone = await run(task);
    const workers = await this.#teamWorkersFor(task.source);
    if (workers < 2) return alone;
    const options = { workers, leastGain: this.#leastTeamGain };
    // What one worker can do is done by one where several can't: there may be no room for them.
    const profile = await profileTeam(task, alone, options, run).catch(() => alone);
    const { key } = task.source;
    if (this.#closed) throw shuttingDown();
    if (!("team" in profile)) await team.unshare(key, boundMs).catch(() => undefined);
    return profile;
  }

  /** Workers that may share a batch of a graph; 1 where it is not to be tried. */
  async #teamWorkersFor(source: GraphSource): Promise<number> {
    const { provider, intraOpThreads = source.intraOpThreads, batchSizes } = this.#execution;
    const filledUp = batchSizes !== undefined && batchSizes.length > 0;
    if (provider !== "cpu" || filledUp || source.externalWeights || this.#teamWorkers === 1)
      return 1;
    const threads = intraOpThreads === 0 ? availableParallelism() : intraOpThreads;
    const workers = this.#teamWorkers === 0 ? threads : Math.min(threads, this.#teamWorkers);
    if (workers < 2) return 1;
    const bytes = (await stat(source.path).catch(() => undefined))?.size;
    return bytes !== undefined && workers * bytes <= MAX_TEAM_BYTES ? workers : 1;
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
