import {
  type BatchAnswer,
  type GraphName,
  type GraphSource,
  placesOf,
  type RowAnswer,
} from "../../worker/protocol.ts";
import { asServerError, ServerError } from "../errors.ts";
import type { Model } from "../models/repository.ts";
import { admit, type Limits } from "./admission.ts";
import { duration } from "./duration.ts";
import { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";
import { Jobs } from "./jobs.ts";
import type { Row } from "./row.ts";
import { rowStep } from "./row-step.ts";
import { type Choice, Scheduler } from "./scheduler.ts";
import type { Slab } from "./slab.ts";
import { batchLimit, expectedStepMs, profiledSizes, type StepProfile } from "./step-profile.ts";
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
  readonly now?: () => number;
}

/** What the engine has taken on; all 0 when nothing runs. */
export interface EngineLoad {
  /** Jobs that have not ended. */
  readonly jobs: number;
  /** Rows with registers. */
  readonly active: number;
  /** Rows without. */
  readonly waiting: number;
  /** Elements of the slab that are taken. */
  readonly slabElements: number;
}

/** A graph of a model: rows that evaluate it share batches, whatever their task. */
interface Lane {
  readonly graph: GraphName;
  readonly source: GraphSource;
  readonly profile: StepProfile;
}

function laneOf(model: Model, graph: GraphName): string {
  return `${model.name}/${graph}`;
}

function laneOfRow(row: Row): string {
  return laneOf(row.job.spec.model, row.graph);
}

/** What runs when: schedule, run, apply. Everything here happens on the server's one thread. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #now: () => number;
  readonly #scheduler = new Scheduler<Row>();
  readonly #jobs: Jobs;
  /** Rows that have no registers yet, in order of arrival. */
  readonly #waiting = new Set<Row>();
  /** Rows that have registers. */
  readonly #active = new Set<Row>();
  readonly #lanes = new Map<string, Lane>();
  #batches = 0;
  /** Jobs that have not ended. */
  readonly #running = new Set<Job>();
  #onIdle: (() => void) | undefined;
  #draining = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#jobs = new Jobs(options.retentionMs);
  }

  /** Warms up every graph of a model, measures its step times and opens its lane. @throws ServerError where one does not run */
  async open(model: Model): Promise<void> {
    const { workers, maxBatchRows, maxStepMs } = this.#options;
    const batchSizes = profiledSizes(maxBatchRows);
    const measured: (readonly [lane: string, lane: Lane])[] = [];
    for (const [graph, source] of model.graphs) {
      const task = { kind: "profile", source, batchSizes, enoughMs: maxStepMs } as const;
      const { stepMs } = await workers.profile(task);
      const profile = { batchSizes: batchSizes.slice(0, stepMs.length), stepMs };
      measured.push([laneOf(model, graph), { graph, source, profile }]);
    }
    for (const [name, lane] of measured) {
      this.#lanes.set(name, lane);
      this.#scheduler.open(name, batchLimit(lane.profile, maxStepMs));
    }
  }

  /** The largest batch of a model's lane. */
  batchLimitOf(model: Model, graph: GraphName): number {
    return this.#scheduler.limit(laneOf(model, graph));
  }

  get load(): EngineLoad {
    const { slab } = this.#options;
    return {
      jobs: this.#running.size,
      active: this.#active.size,
      waiting: this.#waiting.size,
      slabElements: slab.used,
    };
  }

  /** @throws ServerError "queue-full", "too-large", "shutting-down" */
  submit(spec: JobSpec): Job {
    if (this.#draining) throw new ServerError("shutting-down", "the server is shutting down");
    const job = new Job(spec, this.#now(), {
      left: (left) => this.cancel(left),
      ended: (ended) => this.#forget(ended),
    });
    const expected = this.#expect(job);
    admit(job, { ...this.load, ...expected }, this.#options.limits, this.#options.slab.size);
    this.#jobs.add(job);
    this.#running.add(job);
    job.accept({
      rows: spec.rows.length,
      expectedEvaluations: BigInt(expected.evaluations),
      expectedWait: duration(expected.waitMs),
      expectedDuration: duration(expected.durationMs),
    });
    for (const row of job.rows) this.#waiting.add(row);
    this.#pump();
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

  /** Takes no more jobs; resolves when none is running, or after `graceMs`, when those left are failed. */
  async drain(graceMs: number): Promise<void> {
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
    for (const job of this.#running) {
      this.#end(job, new ServerError("shutting-down", "the server shut down before the job ended"));
    }
  }

  /** Schedule: gives registers to rows that wait, and batches to workers that can take one. */
  #pump(): void {
    this.#activate();
    const { workers } = this.#options;
    while (this.#batches < workers.capacity) {
      const choice = this.#scheduler.next(this.#batches >= workers.threads);
      if (choice === undefined) break;
      void this.#run(choice);
    }
  }

  #activate(): void {
    const { slab, limits } = this.#options;
    for (const row of this.#waiting) {
      if (this.#active.size >= limits.maxActiveRows) return;
      const { shape } = row.job.spec.model;
      const dims = shape.channels * shape.height * shape.width;
      const offset = slab.allocate(2 * row.allocated * dims);
      if (offset === undefined) return;
      row.offset = offset;
      row.spec.program.inputs.forEach((register, i) => {
        slab.elements.set(row.spec.inputs[i] ?? [], row.frontOf(register, dims));
      });
      row.job.startedMs ??= this.#now();
      this.#waiting.delete(row);
      this.#active.add(row);
      row.advance([]);
      this.#ready(row);
    }
  }

  /** Run: one step of each row with one evaluation, on any worker. */
  async #run({ lane, rows }: Choice<Row>): Promise<void> {
    const { graph, source } = this.#lane(lane);
    this.#batches++;
    for (const row of rows) {
      row.running = true;
      row.previewing = this.#previewDue(row);
    }
    let answer: BatchAnswer | ServerError;
    try {
      const steps = rows.map(rowStep);
      answer = await this.#options.workers.batch({
        kind: "batch",
        graph,
        source,
        rows: steps,
      });
    } catch (error) {
      answer = asServerError(error);
    }
    this.#batches--;
    const pictures: (() => void)[] = [];
    for (const [i, row] of rows.entries()) {
      row.running = false;
      if (row.job.endedMs !== undefined) this.#release(row);
      else if (answer instanceof ServerError) this.#retry(row, answer, rows.length);
      else this.#apply(row, answer.rows[i], rows.length, pictures);
    }
    this.#pump();
    // The next batch is on its way; now there is time for what people look at.
    for (const show of pictures) show();
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
    row.failures = 0;
    row.failuresAlone = 0;
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

  /**
   * The step has changed nothing, so it can run again: once more in company, then by itself. A row that fails twice
   * by itself takes its job with it, and no other.
   */
  #retry(row: Row, error: ServerError, batchRows: number): void {
    row.failures++;
    if (batchRows === 1) row.failuresAlone++;
    if (row.failuresAlone >= 2) this.#end(row.job, error);
    else this.#ready(row, row.failures >= 2);
  }

  #ready(row: Row, alone = false): void {
    this.#scheduler.add(laneOfRow(row), row, {
      alone: alone || row.job.spec.strict,
      places: row.places,
    });
  }

  #end(job: Job, error: ServerError): void {
    job.fail(error, this.#now());
    for (const row of job.rows) {
      this.#waiting.delete(row);
      if (row.step !== undefined) this.#scheduler.remove(laneOfRow(row), row);
      // A row that a worker has is released when it comes back: until then the worker may write to it.
      if (!row.running) this.#release(row);
    }
  }

  #forget(job: Job): void {
    this.#running.delete(job);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  #release(row: Row): void {
    if (!this.#active.delete(row) || row.offset === undefined) return;
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

  /** First come, first served: what is ahead of a job's first step, and how long its steps take in that company. */
  #expect({ spec, rows }: Job): { evaluations: number; waitMs: number; durationMs: number } {
    const { guidance } = spec.conditioning;
    const name = laneOf(spec.model, guidance === undefined ? "score" : "guided");
    const { profile } = this.#lane(name);
    const limit = this.#scheduler.limit(name);
    const { maxActiveRows } = this.#options.limits;
    const places = placesOf(spec.conditioning);
    const running = places * Math.min(maxActiveRows, this.#active.size + rows.length);
    const roundMs = Math.ceil(running / limit) * expectedStepMs(profile, Math.min(limit, running));
    const evaluations = rows[0]?.program.evaluations ?? 0;
    const roundsAhead = Math.ceil(this.#waiting.size / maxActiveRows);
    const rounds = Math.ceil(rows.length / maxActiveRows);
    return {
      evaluations: evaluations * places,
      waitMs: roundsAhead * evaluations * roundMs,
      durationMs: rounds * evaluations * roundMs,
    };
  }
}
