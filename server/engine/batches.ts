import type { BatchAnswer, RowAnswer } from "../../worker/protocol.ts";
import { asServerError, ServerError } from "../errors.ts";
import { claimOf, learnEvaluations } from "./backlog.ts";
import { BatchTurns } from "./batch-turns.ts";
import type { LaneTerms } from "./device-schedule.ts";
import type { Fleet } from "./fleet.ts";
import type { Job } from "./job.ts";
import { laneOfRow } from "./lane.ts";
import type { EngineObserver } from "./observer.ts";
import type { OpenLanes } from "./open-lanes.ts";
import type { OpenRows } from "./open-rows.ts";
import type { Registers } from "./registers.ts";
import type { Row } from "./row.ts";
import { rowStep } from "./row-step.ts";
import type { Choice, Scheduler } from "./scheduler.ts";
import { type Retry, Suspects } from "./suspects.ts";
import type { EngineWorkers } from "./workers.ts";

/** What is asked of a scheduler. */
export type RowScheduler = Pick<
  Scheduler<Row>,
  "open" | "close" | "limit" | "setLimit" | "add" | "remove" | "next" | "back"
>;

/** Whose rows they are. */
export interface RowsOwner {
  /** The row's registers are needed no longer. */
  release(row: Row): void;
  /** One of the job's rows can't go on. */
  fail(job: Job, error: ServerError): void;
  /** A batch has come back at `answeredMs`, and there may be more to send. */
  back(answeredMs: number): void;
}

export interface BatchesOptions {
  readonly fleet: Fleet;
  readonly scheduler: RowScheduler;
  readonly lanes: OpenLanes;
  readonly registers: Registers;
  readonly openRows: OpenRows;
  readonly observer?: EngineObserver | undefined;
  readonly now: () => number;
}

/**
 * How often a step fails by itself before its row is to blame. An evaluation that fails or hangs does so because of what
 * it was given; a worker may also be ended from outside, more than once in a row.
 */
function triesAlone({ code }: ServerError): number {
  return code === "worker-lost" ? 5 : 2;
}

/** A device and what it has. */
interface BusyDevice {
  readonly workers: EngineWorkers;
  readonly turns: BatchTurns;
  /** Batches that its workers have. */
  underWay: number;
}

/** Where a row is in its program, for who reads of what went wrong there. */
function whereIs({ job, graph, index, step, steps }: Row): string {
  const time = step?.evaluate?.time ?? 0;
  return `model ${job.spec.model.name}, graph ${graph}, row ${index}, time ${time}, step ${steps + 1}`;
}

/**
 * The rows that have registers, step by step: which share the next batch, and what its answer makes of each. Who has
 * registers, and what a job is, is its owner's business.
 */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #owner: RowsOwner;
  readonly #devices: readonly BusyDevice[];
  /** Rows whose batch has failed. */
  readonly #suspects = new Suspects<Row>();

  constructor(options: BatchesOptions, owner: RowsOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#devices = options.fleet.devices.map((workers) => {
      return { workers, turns: new BatchTurns(workers.threads), underWay: 0 };
    });
  }

  /** A row is ready for its next step. */
  add(row: Row): void {
    const { scheduler, openRows } = this.#options;
    const { spec } = row.job;
    scheduler.add(laneOfRow(row), row, {
      ...claimOf(spec),
      alone: spec.strict,
      places: row.places,
      evaluations: openRows.change(row),
    });
  }

  /** A row is not to run again. One that a worker has (`row.running`) comes back all the same. */
  remove(row: Row): void {
    if (row.step !== undefined && !this.#suspects.remove(row)) {
      this.#options.scheduler.remove(laneOfRow(row), row);
    }
  }

  /**
   * Gives batches to workers that can take one.
   *
   * @param sentMs when what it is done for has come: what it takes is part of the next batch's turn
   */
  send(sentMs: number): void {
    // EngineWorkers that are free come first, on whichever device: behind a batch that runs another one waits.
    for (const behind of [false, true]) {
      for (const device of this.#devices) this.#sendTo(device, behind, sentMs);
    }
  }

  /** @param behind also batches that wait behind those that run */
  #sendTo(device: BusyDevice, behind: boolean, sentMs: number): void {
    const { scheduler, lanes, now } = this.#options;
    const { workers } = device;
    const room = behind ? workers.capacity : workers.threads;
    while (workers.out === undefined && device.underWay < room) {
      const retry = this.#suspects.next((lane) => lanes.shareOf(workers, lane)?.helps === false);
      const termsOf = (lane: string): LaneTerms | undefined => {
        const share = lanes.shareOf(workers, lane);
        return share && { ...share, full: behind || share.helps };
      };
      const choice = retry ?? scheduler.next(now(), { full: behind, termsOf });
      if (choice === undefined) break;
      void this.#run(device, choice, sentMs, retry);
    }
  }

  /** Run: one step of each row with one evaluation, on any worker of a device. */
  async #run(
    device: BusyDevice,
    choice: Choice<Row>,
    sentMs: number,
    retry?: Retry<Row>,
  ): Promise<void> {
    const { scheduler, lanes, observer, now } = this.#options;
    const { workers } = device;
    const { lane, rows } = choice;
    const { graph, devices } = lanes.get(lane);
    const here = devices.get(workers);
    if (here === undefined) throw new RangeError(`lane ${lane} does not run on ${workers.name}`);
    device.underWay++;
    const turn = device.turns.send(sentMs);
    for (const row of rows) {
      row.running = true;
      row.previewing = row.previewDue(now());
    }
    const places = rows.reduce((sum, row) => sum + row.places, 0);
    const model = rows[0]?.job.spec.model.name ?? "";
    const back = observer?.batch?.({ device: workers.name, model, graph, rows, places });
    let answer: BatchAnswer | ServerError;
    try {
      const steps = rows.map(rowStep);
      const task = { kind: "batch", graph, source: here.source, rows: steps } as const;
      answer = await workers.batch(task, here.cost.stepMs(places));
    } catch (error) {
      answer = asServerError(error);
    }
    device.underWay--;
    const answeredMs = now();
    const turnMs = device.turns.back(turn, answeredMs);
    if (answer instanceof ServerError) back?.({ stepMs: undefined, padding: 0, error: answer });
    else {
      back?.({ stepMs: answer.totalMs, padding: answer.padding });
      // A step without an evaluation takes no place, so a batch with one would look cheaper than it is.
      const evaluates = rows.every(({ step }) => step?.evaluate !== undefined);
      if (evaluates) lanes.measured(lane, workers, places, answer.totalMs, turnMs);
    }
    const pictures: (() => void)[] = [];
    for (const [i, row] of rows.entries()) {
      row.running = false;
      if (row.ended || row.job.endedMs !== undefined) this.#owner.release(row);
      else if (!(answer instanceof ServerError)) {
        this.#apply(row, answer.rows[i], rows.length, pictures);
      }
    }
    if (answer instanceof ServerError) {
      this.#retry(workers, { lane, rows, failures: retry?.failures ?? 0 }, answer);
    }
    if (retry === undefined) scheduler.back(choice);
    this.#owner.back(answeredMs);
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
    const { lanes, registers, now } = this.#options;
    const { job, program, step } = row;
    if (answer === undefined || step === undefined) throw new RangeError("a row without an answer");
    if (!answer.finite) {
      const message = `the network gave NaN or infinity: ${whereIs(row)}`;
      this.#owner.fail(job, new ServerError("nonfinite-output", message));
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
      const message = `row ${row.index}: ${failed.failure}`;
      this.#owner.fail(job, new ServerError("solver-failed", message));
    } else if (row.step !== undefined) {
      const time = step.evaluate?.time ?? 0;
      if (row.previewing) {
        // The next step writes to the other side, so that the estimate is still there when that is on its way.
        pictures.push(() => {
          if (job.endedMs !== undefined) return;
          const { shrinkBy } = job.spec.preview;
          job.preview(row, time, registers.shrunk(row, program.preview, shrinkBy));
        });
      }
      const { fraction } = step;
      pictures.push(() => job.progress(row, time, fraction, now()));
      this.add(row);
    } else {
      row.ended = true;
      learnEvaluations(row, lanes.all);
      const pixels = registers.copy(row, program.result);
      this.#owner.release(row);
      pictures.push(() => void job.finish(row, pixels, now));
    }
  }

  /** The step has changed nothing, so it can run again: all rows of the batch, until the one to blame is alone. */
  #retry(device: EngineWorkers, { lane, rows, failures }: Retry<Row>, error: ServerError): void {
    // Every job is about to fail with the last device.
    if (this.#options.fleet.out !== undefined) return;
    const open = rows.filter(({ ended, job }) => !ended && job.endedMs === undefined);
    if (error.code === "shutting-down") {
      // The server is being ended: no row is to blame, and there is no elsewhere.
      for (const { job } of open) this.#owner.fail(job, error);
      return;
    }
    if (device.out !== undefined) {
      // No row is to blame: they go on elsewhere.
      for (const row of open) this.add(row);
      return;
    }
    const culprit = this.#suspects.failed({ lane, rows: open, failures }, triesAlone(error));
    if (culprit === undefined) return;
    const message = `a step fails again and again by itself: ${whereIs(culprit)}: ${error.message}`;
    this.#owner.fail(culprit.job, new ServerError("internal", message, { cause: error }));
  }
}
