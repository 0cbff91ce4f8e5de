import { AsyncResource } from "node:async_hooks";
import type { BatchAnswer, GraphName, GraphSource, RowAnswer } from "../../worker/protocol.ts";
import { asServerError, ServerError, SUCCESSOR_MS, shuttingDown } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { admit } from "./admission.ts";
import { claimOf, evaluationsLeft, needOf } from "./backlog.ts";
import type { Limits } from "./bounds.ts";
import { duration } from "./duration.ts";
import { backlogOf, expectationOf, type Surroundings } from "./expectation.ts";
import { fitToDeadline } from "./fit-to-deadline.ts";
import { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";
import { Jobs } from "./jobs.ts";
import { type Lane, laneOf, laneOfRow } from "./lane.ts";
import { type Bench, measureLanes } from "./measure-lanes.ts";
import type { EngineObserver } from "./observer.ts";
import { queueForecast, type RowForecast } from "./queue-forecast.ts";
import { QueueUpdates } from "./queue-updates.ts";
import type { Row } from "./row.ts";
import { rowStep } from "./row-step.ts";
import { type Choice, Scheduler } from "./scheduler.ts";
import type { Slab } from "./slab.ts";
import { type Retry, Suspects } from "./suspects.ts";
import { takenBefore, takenBy } from "./taken.ts";
import { WaitingRows } from "./waiting-rows.ts";
import type { Workers } from "./workers.ts";

export interface EngineOptions {
  readonly slab: Slab;
  readonly workers: Workers;
  readonly limits: Limits;
  /** Jobs that have ended are remembered so long, in ms. */
  readonly retentionMs: number;
  /** The largest batch, whatever the profile says. */
  readonly maxBatchRows: number;
  /** A batch's evaluation is to take no longer than this, in ms. */
  readonly maxStepMs: number;
  /** A tenant's share of the device over that of others; default 1 for all. */
  readonly weightOf?: (tenant: string) => number;
  /** Another way to decide which rows run next: for what the server is measured against. */
  readonly scheduler?: RowScheduler;
  /** A job that waits is told at most this often where it stands; default 1 s. */
  readonly queueIntervalMs?: number | undefined;
  readonly observer?: EngineObserver;
  readonly now?: () => number;
}

/** What the engine asks of a scheduler. */
export type RowScheduler = Pick<
  Scheduler<Row>,
  "open" | "close" | "limit" | "setLimit" | "add" | "remove" | "next" | "back"
>;

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
 * How often a step fails by itself before its row is to blame. An evaluation that fails or hangs does so because of what
 * it was given; a worker may also be ended from outside, more than once in a row.
 */
function triesAlone({ code }: ServerError): number {
  return code === "worker-lost" ? 5 : 2;
}

/** What runs when: schedule, run, apply. Everything here happens on the server's one thread. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #now: () => number;
  readonly #observer: EngineObserver | undefined;
  readonly #scheduler: RowScheduler;
  readonly #jobs: Jobs;
  /** Rows that have no registers yet. */
  readonly #waiting: WaitingRows<Row>;
  readonly #queueUpdates: QueueUpdates;
  /** Rows that have registers. */
  readonly #active = new Set<Row>();
  /** Rows of ended jobs that a worker still has. They hold registers, but take nobody's place. */
  readonly #leaving = new Set<Row>();
  /** Rows whose batch has failed. */
  readonly #suspects = new Suspects<Row>();
  readonly #lanes = new Map<string, Lane>();
  #batches = 0;
  /** Jobs that have not ended. */
  readonly #running = new Set<Job>();
  readonly #deadlines = new Map<Job, NodeJS.Timeout>();
  #onIdle: (() => void) | undefined;
  /** Told whenever a job has ended or given back its last row. */
  readonly #onRest: (() => void)[] = [];
  #draining = false;
  /** Pumps outside of the asynchronous context of the request that is being served: what begins here outlives it. */
  readonly #begin: () => void = AsyncResource.bind(() => this.#pump());

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#observer = options.observer;
    this.#jobs = new Jobs(options.retentionMs);
    const { weightOf = () => 1, limits } = options;
    this.#scheduler = options.scheduler ?? new Scheduler({ weightOf });
    this.#waiting = new WaitingRows(limits.maxActiveRows, ({ job }) => claimOf(job.spec), weightOf);
    const forecast = (): RowForecast<Row>[] => this.#forecast();
    this.#queueUpdates = new QueueUpdates(forecast, this.#now, options.queueIntervalMs);
    options.workers.follow(() => this.#failAll());
  }

  /**
   * Warms up every graph of a model, measures its step times and opens its lane.
   *
   * @param bench where they are measured; default the workers that serve
   * @throws ServerError where one does not run
   */
  async open(model: Model, bench?: Bench): Promise<void> {
    const { workers, maxBatchRows, maxStepMs } = this.#options;
    const bounds = { maxPlaces: maxBatchRows, maxStepMs };
    let measured: Awaited<ReturnType<typeof measureLanes>>;
    try {
      measured = await measureLanes(model, bench ?? workers, bounds);
      if (bench !== undefined) await workers.warm([...model.graphs.values()]);
    } catch (error) {
      await this.#free([...model.graphs.values()]);
      throw error;
    }
    for (const [name, lane] of measured) {
      const { cost } = lane;
      this.#lanes.set(name, lane);
      this.#scheduler.open(name, { limit: cost.limit, stepMs: (places) => cost.stepMs(places) });
    }
  }

  /** Closes a model's lanes, once none of its jobs runs and none may come, and frees its sessions in the workers. */
  async close(model: Model): Promise<void> {
    while (this.#uses(model)) {
      await new Promise<void>((resolve) => this.#onRest.push(resolve));
    }
    for (const graph of model.graphs.keys()) {
      const name = laneOf(model, graph);
      this.#lanes.delete(name);
      this.#scheduler.close(name);
    }
    await this.#free([...model.graphs.values()]);
  }

  /** Frees the workers' sessions of graphs, but of those that an open lane has too: models and versions may share a file. */
  async #free(sources: readonly GraphSource[]): Promise<void> {
    const keys = new Set(sources.map(({ key }) => key));
    for (const { source } of this.#lanes.values()) keys.delete(source.key);
    await this.#options.workers.release([...keys]);
  }

  /** Whether a job of the model runs, or a worker has a row of one that has ended. */
  #uses(model: Model): boolean {
    const mine = ({ spec }: Job): boolean => spec.model === model;
    return [...this.#running].some(mine) || [...this.#leaving].some(({ job }) => mine(job));
  }

  /** Tells those who wait for the last step of a job. */
  #rest(): void {
    for (const tell of this.#onRest.splice(0)) tell();
  }

  /** The largest batch of a model's lane. */
  batchLimitOf(model: Model, graph: GraphName): number {
    return this.#scheduler.limit(laneOf(model, graph));
  }

  /** How long the job that has waited longest for its first registers has done so, in ms; 0: none waits. */
  get oldestWaitMs(): number {
    for (const job of this.#running) {
      if (job.startedMs === undefined) return this.#now() - job.submittedMs;
    }
    return 0;
  }

  get load(): EngineLoad {
    const { slab } = this.#options;
    return {
      jobs: this.#running.size,
      active: this.#active.size,
      waiting: this.#waiting.size,
      leaving: this.#leaving.size,
      slabElements: slab.used,
    };
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
    if (this.#options.workers.out !== undefined) throw this.#options.workers.out;
    const { limits, slab, weightOf = () => 1 } = this.#options;
    const nowMs = this.#now();
    const backlog = backlogOf(this.#running);
    const surroundings: Surroundings = {
      nowMs,
      backlog,
      lanes: this.#lanes,
      maxActiveRows: limits.maxActiveRows,
      weightOf,
    };
    const { spec, expected } = fitToDeadline(request, (way) => expectationOf(way, surroundings));
    const job = new Job(spec, nowMs, {
      left: (left) => this.cancel(left),
      ended: (ended, error) => this.#forget(ended, error),
      previewed: (of) => this.#observer?.previewed?.(of),
      unread: (of) => this.#observer?.unread?.(of),
    });
    const asked = takenBy(job.unbegun, this.#lanes);
    const found = takenBefore(claimOf(spec), backlog, this.#lanes);
    admit(spec, asked, { ...expected, ...found }, limits, slab.memory.byteLength);
    this.#jobs.add(job);
    this.#running.add(job);
    this.#watchDeadline(job);
    this.#observer?.submitted?.(job);
    job.accept({
      rows: spec.rows.length,
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

  /** A job that runs or is remembered. */
  job(id: string): Job | undefined {
    return this.#jobs.get(id, this.#now());
  }

  /** Ends a job within one step. @returns false where it had already ended */
  cancel(job: Job): boolean {
    if (job.endedMs !== undefined) return false;
    this.#end(job, new ServerError("cancelled", `job ${job.id} was cancelled`));
    this.#pump();
    return true;
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

  /** Schedule: gives registers to rows that wait, and batches to workers that can take one. */
  #pump(): void {
    this.#activate();
    const { workers } = this.#options;
    while (this.#batches < workers.capacity) {
      const retry = this.#suspects.next();
      const full = this.#batches >= workers.threads;
      const choice = retry ?? this.#scheduler.next(this.#now(), { full });
      if (choice === undefined) break;
      void this.#run(choice, retry);
    }
  }

  #activate(): void {
    const { slab } = this.#options;
    for (let row = this.#waiting.first; row !== undefined; row = this.#waiting.first) {
      const { shape } = row.job.spec.model;
      const dims = shape.channels * shape.height * shape.width;
      const offset = slab.allocate(2 * row.allocated * dims);
      if (offset === undefined) return;
      row.offset = offset;
      for (const [i, register] of row.spec.program.inputs.entries()) {
        slab.elements.set(row.spec.inputs[i] ?? [], row.frontOf(register, dims));
      }
      if (row.job.startedMs === undefined) {
        row.job.begin(this.#now());
        this.#observer?.started?.(row.job);
      }
      this.#waiting.hold(row);
      this.#active.add(row);
      row.advance([]);
      this.#ready(row);
    }
  }

  /** When every row that waits would begin and end. */
  #forecast(): RowForecast<Row>[] {
    const { slab } = this.#options;
    return queueForecast({
      nowMs: this.#now(),
      waiting: this.#waiting.copy(),
      active: [...this.#active, ...this.#leaving],
      needOf: (row) => needOf(row, this.#lanes),
      freeElements: slab.size - slab.used,
    });
  }

  /** Run: one step of each row with one evaluation, on any worker. */
  async #run(choice: Choice<Row>, retry?: Retry<Row>): Promise<void> {
    const { lane, rows } = choice;
    const { graph, source, cost } = this.#lane(lane);
    this.#batches++;
    for (const row of rows) {
      row.running = true;
      row.previewing = this.#previewDue(row);
    }
    const places = rows.reduce((sum, row) => sum + row.places, 0);
    const model = rows[0]?.job.spec.model.name ?? "";
    const back = this.#observer?.batch?.({ model, graph, rows, places });
    let answer: BatchAnswer | ServerError;
    try {
      const steps = rows.map(rowStep);
      answer = await this.#options.workers.batch(
        { kind: "batch", graph, source, rows: steps },
        cost.stepMs(places),
      );
    } catch (error) {
      answer = asServerError(error);
    }
    this.#batches--;
    if (answer instanceof ServerError) back?.({ stepMs: undefined, error: answer });
    else {
      back?.({ stepMs: answer.totalMs });
      this.#measured(choice, places, answer.totalMs);
    }
    const pictures: (() => void)[] = [];
    for (const [i, row] of rows.entries()) {
      row.running = false;
      if (row.job.endedMs !== undefined) this.#release(row);
      else if (!(answer instanceof ServerError)) {
        this.#apply(row, answer.rows[i], rows.length, pictures);
      }
    }
    if (answer instanceof ServerError) {
      this.#retry({ lane, rows, failures: retry?.failures ?? 0 }, answer);
    }
    if (retry === undefined) this.#scheduler.back(choice);
    this.#rest();
    this.#pump();
    // The next batch is on its way; now there is time for what people look at.
    for (const show of pictures) show();
  }

  /** Keeps the lane's costs current, and with them the size of its batches. */
  #measured({ lane, rows }: Choice<Row>, places: number, stepMs: number): void {
    const { cost } = this.#lane(lane);
    // A step without an evaluation takes no place, so a batch with one would look cheaper than it is.
    const evaluates = rows.every(({ step }) => step?.evaluate !== undefined);
    if (evaluates && cost.observe(places, stepMs)) this.#scheduler.setLimit(lane, cost.limit);
  }

  /** Apply: takes a row past the step that a worker has done. */
  #apply(
    row: Row,
    answer: RowAnswer | undefined,
    batchRows: number,
    pictures: (() => void)[],
  ): void {
    const { job, program, step } = row;
    if (answer === undefined || step === undefined) throw new RangeError("a row without an answer");
    const time = step.evaluate?.time ?? 0;
    if (!answer.finite) {
      const where = `model ${job.spec.model.name}, graph ${row.graph}, row ${row.index}, time ${time}, step ${row.steps + 1}`;
      this.#end(
        job,
        new ServerError("nonfinite-output", `the network gave NaN or infinity: ${where}`),
      );
      return;
    }
    row.front ^= answer.written;
    row.steps++;
    if (step.evaluate !== undefined) {
      row.evaluations += row.places;
      row.companions += row.places * batchRows;
    }
    const failed = row.advance(answer.scalars);
    if (failed !== undefined) {
      this.#end(job, new ServerError("solver-failed", `row ${row.index}: ${failed.failure}`));
    } else if (row.step !== undefined) {
      if (row.previewing) {
        const estimate = this.#copy(row, program.preview);
        pictures.push(() => job.preview(row, time, estimate));
      }
      const { fraction } = step;
      pictures.push(() => job.progress(row, time, fraction, this.#now()));
      this.#ready(row);
    } else {
      const pixels = this.#copy(row, program.result);
      this.#release(row);
      pictures.push(() => void job.finish(row, pixels, this.#now));
    }
  }

  /** The step has changed nothing, so it can run again: all rows of the batch, until the one to blame is alone. */
  #retry({ lane, rows, failures }: Retry<Row>, error: ServerError): void {
    // Every job is about to fail with the device.
    if (this.#options.workers.out !== undefined) return;
    const open = rows.filter(({ job }) => job.endedMs === undefined);
    const culprit = this.#suspects.failed({ lane, rows: open, failures }, triesAlone(error));
    if (culprit === undefined) return;
    const time = culprit.step?.evaluate?.time ?? 0;
    const where = `model ${culprit.job.spec.model.name}, graph ${culprit.graph}, row ${culprit.index}, time ${time}, step ${culprit.steps + 1}`;
    const message = `a step fails again and again by itself: ${where}: ${error.message}`;
    this.#end(culprit.job, new ServerError("internal", message, { cause: error }));
  }

  /** The device is out: nothing that runs can go on. */
  #failAll(): void {
    const { out } = this.#options.workers;
    if (out === undefined) return;
    for (const job of this.#running) this.#end(job, out);
  }

  #ready(row: Row): void {
    const { spec } = row.job;
    this.#scheduler.add(laneOfRow(row), row, {
      ...claimOf(spec),
      alone: spec.strict,
      places: row.places,
      evaluations: spec.deadlineMs === undefined ? 1 : evaluationsLeft(row),
    });
  }

  #end(job: Job, error: ServerError): void {
    job.fail(error, this.#now());
    for (const row of job.rows) {
      this.#waiting.remove(row);
      if (row.step !== undefined && !this.#suspects.remove(row)) {
        this.#scheduler.remove(laneOfRow(row), row);
      }
      // A row that a worker has is released when it comes back: until then the worker may write to it.
      if (!row.running) this.#release(row);
      else if (this.#active.delete(row)) this.#leaving.add(row);
    }
  }

  /** Ends a job that is not done by its deadline, whatever was predicted. */
  #watchDeadline(job: Job): void {
    const { deadlineMs } = job.spec;
    if (deadlineMs === undefined) return;
    const timer = setTimeout(() => {
      const message = `job ${job.id} was not done by its deadline`;
      if (job.endedMs === undefined) this.#end(job, new ServerError("deadline-exceeded", message));
      this.#pump();
    }, deadlineMs - this.#now());
    this.#deadlines.set(job, timer);
  }

  #forget(job: Job, error: ServerError | undefined): void {
    this.#observer?.ended?.(job, error);
    clearTimeout(this.#deadlines.get(job));
    this.#deadlines.delete(job);
    this.#running.delete(job);
    this.#rest();
    if (this.#running.size === 0) this.#onIdle?.();
  }

  #release(row: Row): void {
    const held = this.#active.delete(row) || this.#leaving.delete(row);
    if (!held || row.offset === undefined) return;
    this.#waiting.release(row);
    this.#options.slab.release(row.offset);
    row.offset = undefined;
    row.step = undefined;
  }

  #copy(row: Row, register: number): Float32Array {
    const { channels, height, width } = row.job.spec.model.shape;
    const dims = channels * height * width;
    const from = row.frontOf(register, dims);
    return this.#options.slab.elements.slice(from, from + dims);
  }

  #previewDue(row: Row): boolean {
    const { everySteps, minIntervalMs } = row.job.spec.preview;
    if (everySteps === 0 || row.step?.estimate === undefined) return false;
    if ((row.steps + 1) % everySteps !== 0) return false;
    const now = this.#now();
    if (now - row.lastPreviewMs < minIntervalMs) return false;
    row.lastPreviewMs = now;
    return true;
  }

  #lane(name: string): Lane {
    const lane = this.#lanes.get(name);
    if (lane === undefined) throw new RangeError(`no lane ${name} is open`);
    return lane;
  }
}
