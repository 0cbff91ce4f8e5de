import { AsyncResource } from "node:async_hooks";
import type { GraphName } from "../../worker/protocol.ts";
import { asServerError, ServerError, SUCCESSOR_MS, shuttingDown } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { admit } from "./admission.ts";
import { claimOf, needOf } from "./backlog.ts";
import { Batches } from "./batches.ts";
import type { TakenBefore } from "./bounds.ts";
import { duration } from "./duration.ts";
import type { EngineOptions } from "./engine-options.ts";
import { type Expectation, expectationOf, type Surroundings } from "./expectation.ts";
import { type Fitted, fitToDeadline } from "./fit-to-deadline.ts";
import type { Benches } from "./fleet.ts";
import { Job, type JobOwner } from "./job.ts";
import { JobDeadlines } from "./job-deadlines.ts";
import type { JobSpec } from "./job-spec.ts";
import { Jobs } from "./jobs.ts";
import type { EngineObserver } from "./observer.ts";
import { OpenLanes } from "./open-lanes.ts";
import { OpenRows } from "./open-rows.ts";
import { queueForecast, type RowForecast } from "./queue-forecast.ts";
import { QueueUpdates } from "./queue-updates.ts";
import { NO_INPUTS, Registers } from "./registers.ts";
import type { Row } from "./row.ts";
import { Scheduler } from "./scheduler.ts";
import { takenBefore, takenBy } from "./taken.ts";
import { type Claim, WaitingRows } from "./waiting-rows.ts";

/** What the engine has taken on; all 0 when nothing runs. */
export interface EngineLoad {
  /** Jobs that have not ended. */
  readonly jobs: number;
  /** Rows with registers. */
  readonly active: number;
  /** Rows without. */
  readonly waiting: number;
  /** Rows of jobs that have ended, whose registers a worker still has: for one step at most. */
  readonly leaving: number;
  /** Elements of the slab that are taken. */
  readonly slabElements: number;
}

/**
 * Schedule, run, apply: which jobs are taken on, which of their rows have registers, and how each job ends. What rows with
 * registers do is in Batches. Everything here happens on the server's one thread.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #now: () => number;
  readonly #observer: EngineObserver | undefined;
  readonly #jobs: Jobs;
  /** Rows that have no registers yet. */
  readonly #waiting: WaitingRows<Row>;
  readonly #queueUpdates: QueueUpdates;
  readonly #registers: Registers;
  readonly #lanes: OpenLanes;
  /** Rows of jobs that have not ended, as new jobs find them. */
  readonly #openRows: OpenRows;
  readonly #batches: Batches;
  /** Jobs that have not ended. */
  readonly #running = new Set<Job>();
  readonly #deadlines = new JobDeadlines();
  #onIdle: (() => void) | undefined;
  #onForgotten: (id: string) => void = () => undefined;
  /** Told whenever a job has ended or given back its last row. */
  readonly #onRest: (() => void)[] = [];
  #draining = false;
  readonly #owner: JobOwner = {
    left: (job) => this.cancel(job),
    ended: (job, error) => this.#forget(job, error),
    previewed: (job) => this.#observer?.previewed?.(job),
    unread: (job) => this.#observer?.unread?.(job),
  };
  /** Pumps outside of the asynchronous context of the request that is being served: what begins here outlives it. */
  readonly #begin: () => void = AsyncResource.bind(() => this.#pump());

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#observer = options.observer;
    const { retentionMs } = options;
    const { maxResultBytes } = options.limits;
    this.#jobs = new Jobs({ retentionMs, maxResultBytes }, (id) => this.#onForgotten(id));
    const { weightOf = () => 1, limits, fleet, maxBatchRows, maxStepMs } = options;
    const scheduler = options.scheduler ?? new Scheduler<Row>({ weightOf });
    const bounds = { maxPlaces: maxBatchRows, maxStepMs };
    const { onMissing, onMeasured } = options;
    const lanes = new OpenLanes({ fleet, scheduler, bounds, onMissing, onMeasured });
    const registers = new Registers(options.slab);
    this.#lanes = lanes;
    this.#registers = registers;
    const openRows = new OpenRows(lanes.all);
    this.#openRows = openRows;
    const parts = { fleet, scheduler, lanes, registers, openRows };
    this.#batches = new Batches(
      { ...parts, observer: this.#observer, now: this.#now },
      {
        release: (row) => this.#release(row),
        fail: (job, error) => this.#end(job, error),
        back: (answeredMs) => {
          this.#rest();
          this.#pump(answeredMs);
        },
      },
    );
    this.#waiting = new WaitingRows(limits.maxActiveRows, ({ job }) => claimOf(job.spec), weightOf);
    const forecast = (): RowForecast<Row>[] => this.#forecast();
    this.#queueUpdates = new QueueUpdates(forecast, this.#now, options.queueIntervalMs);
    fleet.follow(() => {
      this.#failStranded();
      this.#pump();
    });
  }

  /**
   * Warms up every graph of a model, measures its step times and opens its lane.
   *
   * @param benches where they are measured; default the workers that serve
   * @throws ServerError where one runs on no device
   */
  open(model: Model, benches?: Benches): Promise<void> {
    return this.#lanes.open(model, benches);
  }

  /** Closes a model's lanes, once none of its jobs runs and none may come, and frees its sessions in the workers. */
  async close(model: Model): Promise<void> {
    while (this.#uses(model)) {
      await new Promise<void>((resolve) => this.#onRest.push(resolve));
    }
    await this.#lanes.close(model);
  }

  /** Whether a job of the model runs, or a worker has a row of one that has ended. */
  #uses(model: Model): boolean {
    const mine = ({ spec }: Job): boolean => spec.model === model;
    return (
      [...this.#running].some(mine) || [...this.#registers.leaving].some(({ job }) => mine(job))
    );
  }

  /** Tells those who wait for the last step of a job. */
  #rest(): void {
    for (const tell of this.#onRest.splice(0)) tell();
  }

  /** The largest batch of a model's lane. */
  batchLimitOf(model: Model, graph: GraphName): number {
    return this.#lanes.limitOf(model, graph);
  }

  /** What one row takes in a run of a model's lane at once, beside weights, in bytes; 0 where that is not known. */
  placeBytesOf(model: Model, graph: GraphName): number {
    return this.#lanes.placeBytesOf(model, graph);
  }

  /** How long the job that has waited longest for its first registers has done so, in ms; 0: none waits. */
  get oldestWaitMs(): number {
    for (const job of this.#running) {
      if (job.startedMs === undefined) return this.#now() - job.submittedMs;
    }
    return 0;
  }

  get load(): EngineLoad {
    return {
      jobs: this.#running.size,
      active: this.#registers.active.size,
      waiting: this.#waiting.size,
      leaving: this.#registers.leaving.size,
      slabElements: this.#registers.usedElements,
    };
  }

  /** What a job of the tenant and the priority would find taken. */
  taken(claim: Claim): TakenBefore {
    return takenBefore(claim, this.#openRows.groups(), this.#lanes.all);
  }

  /** @throws ServerError "queue-full", "too-large", "deadline-exceeded", "shutting-down", "worker-lost" */
  submit(request: JobSpec): Job {
    try {
      return this.#submit(request);
    } catch (error) {
      this.#observer?.refused?.(request, asServerError(error));
      throw error;
    }
  }

  #submit(request: JobSpec): Job {
    this.checkOpen();
    const { out } = this.#options.fleet;
    if (out !== undefined) throw out;
    const nowMs = this.#now();
    const { spec, expected } = this.#admit(request, nowMs);
    const stranded = this.#outFor(spec, expected.rows.lane);
    if (stranded !== undefined) throw stranded;
    this.#jobs.checkRoom(spec.resultBytes ?? 0, expected.durationMs);
    const job = new Job(spec, nowMs, this.#owner);
    this.#jobs.add(job);
    this.#running.add(job);
    this.#openRows.add(job);
    this.#deadlines.watch(job, nowMs, () => {
      const message = `job ${job.id} was not done by its deadline`;
      this.#end(job, new ServerError("deadline-exceeded", message));
      this.#pump();
    });
    this.#observer?.submitted?.(job);
    job.accept({
      rows: spec.rows.length,
      images: job.images,
      expectedEvaluations: BigInt(expected.evaluations),
      expectedWait: duration(expected.waitMs),
      expectedDuration: duration(expected.durationMs),
      adjusted: spec.adjusted ?? "",
    });
    for (const row of job.rows) this.#waiting.add(row);
    this.#begin();
    if (job.startedMs === undefined) this.#queueUpdates.add(job);
    return job;
  }

  /**
   * What a request will run as, and when it would. A method of its own, so that nothing that a job keeps holds the backlog
   * that it found.
   *
   * @throws ServerError "queue-full", "too-large", "deadline-exceeded"
   */
  #admit(request: JobSpec, nowMs: number): Fitted<Expectation> {
    const { limits, weightOf = () => 1 } = this.#options;
    const lanes = this.#lanes.all;
    const backlog = this.#openRows.groups();
    const { maxActiveRows } = limits;
    const surroundings: Surroundings = { nowMs, backlog, lanes, maxActiveRows, weightOf };
    const fitted = fitToDeadline(request, (way) => expectationOf(way, surroundings));
    const { spec, expected } = fitted;
    const asked = takenBy(expected.rows, lanes);
    const found = takenBefore(claimOf(spec), backlog, lanes);
    admit(spec, asked, { ...expected, ...found }, limits, this.#registers.bytes);
    return fitted;
  }

  /** A job that runs or is remembered. */
  job(id: string): Job | undefined {
    return this.#jobs.get(id, this.#now());
  }

  /** Tells the ids of jobs that are remembered no longer. */
  followForgotten(tell: (id: string) => void): void {
    this.#onForgotten = tell;
  }

  /** Ends a job within one step. @returns false where it had already ended */
  cancel(job: Job): boolean {
    if (job.endedMs !== undefined) return false;
    this.#end(job, new ServerError("cancelled", `job ${job.id} was cancelled`));
    this.#pump();
    return true;
  }

  /**
   * Ends images of a job within one step, and lets the others go on: where the job is strict, to the same bits. One that has
   * none left is cancelled as a whole.
   *
   * @param images distinct numbers below `job.images`
   * @returns those that had not ended
   */
  cancelImages(job: Job, images: readonly number[]): number[] {
    if (job.endedMs !== undefined) return [];
    const open = images.filter((image) => job.openRowsOf(image).length > 0);
    if (job.isOnly(open)) this.cancel(job);
    else {
      for (const image of open) {
        const rows = job.openRowsOf(image);
        for (const row of rows) this.#drop(row);
        job.leaveOut(image, rows.length, this.#now());
      }
      this.#pump();
    }
    return open;
  }

  /** @throws ServerError "shutting-down" where no jobs are taken any more */
  checkOpen(): void {
    if (this.#draining) throw shuttingDown();
  }

  /**
   * Takes no more jobs; resolves when none is running, or after `graceMs`, when those left are failed.
   *
   * @returns how many were failed
   */
  async drain(graceMs: number): Promise<number> {
    this.#draining = true;
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const left = [...this.#running];
    for (const job of left) {
      const message = `the server shut down before job ${job.id} ended: it had ${graceMs / 1000} s for that`;
      this.#end(job, new ServerError("shutting-down", message, { retryAfterMs: SUCCESSOR_MS }));
    }
    return left.length;
  }

  /**
   * Schedule: gives registers to rows that wait, and batches to workers that can take one.
   *
   * @param nowMs when what it is done for has come: what it takes is part of the next batch's turn
   */
  #pump(nowMs = this.#now()): void {
    this.#activate();
    this.#batches.send(nowMs);
  }

  #activate(): void {
    for (let row = this.#waiting.first; row !== undefined; row = this.#waiting.first) {
      if (!this.#registers.give(row)) return;
      if (row.job.startedMs === undefined) {
        row.job.begin(this.#now());
        this.#observer?.started?.(row.job);
      }
      this.#waiting.hold(row);
      row.advance([]);
      this.#batches.add(row);
    }
  }

  /** When every row that waits would begin and end. */
  #forecast(): RowForecast<Row>[] {
    const { active, leaving, freeElements } = this.#registers;
    return queueForecast({
      nowMs: this.#now(),
      waiting: this.#waiting.copy(),
      active: [...active, ...leaving],
      needOf: (row) => needOf(row, this.#lanes.all),
      freeElements,
    });
  }

  /** Why rows of a job can't be evaluated; undefined where they can. */
  #outFor({ strict }: JobSpec, lane: string): ServerError | undefined {
    return this.#options.fleet.out ?? (strict ? this.#lanes.outForAlone(lane) : undefined);
  }

  /** A device is out: jobs that only it could go on with end. */
  #failStranded(): void {
    for (const job of this.#running) {
      const out = this.#outFor(job.spec, job.unbegun.lane);
      if (out !== undefined) this.#end(job, out);
    }
  }

  #end(job: Job, error: ServerError): void {
    job.fail(error, this.#now());
    for (const row of job.rows) this.#drop(row);
  }

  /** Nothing more is done of a row. Its registers are free at once, or when the worker that has it is done with its step. */
  #drop(row: Row): void {
    row.ended = true;
    row.spec.inputs = NO_INPUTS;
    this.#openRows.remove(row);
    this.#waiting.remove(row);
    this.#batches.remove(row);
    if (row.running) this.#registers.leave(row);
    else this.#release(row);
  }

  #forget(job: Job, error: ServerError | undefined): void {
    this.#observer?.ended?.(job, error);
    this.#deadlines.forget(job);
    this.#running.delete(job);
    this.#jobs.end(job);
    this.#rest();
    if (this.#running.size === 0) this.#onIdle?.();
  }

  #release(row: Row): void {
    this.#openRows.remove(row);
    if (this.#registers.takeBack(row)) this.#waiting.release(row);
  }
}
