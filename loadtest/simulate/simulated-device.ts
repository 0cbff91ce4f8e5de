import { CostModel } from "../../server/engine/cost-model.ts";
import type { Home, Placement } from "../../server/engine/placement.ts";
import type { RowGroup } from "../../server/engine/predict-finish.ts";
import type { Choice, Scheduler } from "../../server/engine/scheduler.ts";
import { profiledSizes } from "../../server/engine/step-profile.ts";
import { WaitingRows } from "../../server/engine/waiting-rows.ts";
import { type DeviceModel, drawStepMs, modelStepMs } from "./device-model.ts";
import type { Random } from "./random.ts";
import type { ArrivingJob } from "./workload.ts";

/** A batch is with the device, and one more waits behind it. */
const CAPACITY = 2;

export interface SimulatedJob extends ArrivingJob {
  readonly members: SimulatedRow[];
  /** Rows that have not ended. */
  unfinished: number;
  firstStepMs: number | undefined;
  endMs: number | undefined;
  /** When it was cancelled, unless it had ended. */
  cancelledMs: number | undefined;
}

export interface SimulatedRow {
  readonly job: SimulatedJob;
  left: number;
  /** It has registers. */
  active: boolean;
  /** undefined while no device has its model. */
  home: Home<SimulatedRow> | undefined;
}

/** A batch that the device runs or has before it. */
export interface SimulatedBatch {
  readonly device: SimulatedDevice;
  readonly choice: Choice<SimulatedRow>;
  readonly endMs: number;
  readonly stepMs: number;
  readonly fails: boolean;
}

/** What is told of a run as it goes. */
export interface Observer {
  refused?(job: ArrivingJob): void;
  admitted?(job: SimulatedJob): void;
  /** The first of a job's rows has done its first step. */
  stepped?(job: SimulatedJob, nowMs: number): void;
  ended?(job: SimulatedJob, nowMs: number): void;
  cancelled?(job: SimulatedJob, nowMs: number): void;
  /** A cancelled job's last row has given back its registers. */
  freed?(job: SimulatedJob, nowMs: number): void;
  /** A batch has run. */
  batch?(batch: SimulatedBatch): void;
}

export interface DeviceOptions {
  readonly name: string;
  readonly model: DeviceModel;
  /** Names of the models that it serves. */
  readonly models: readonly string[];
  readonly scheduler: Scheduler<SimulatedRow>;
  readonly placement: Placement<SimulatedRow>;
  readonly random: Random;
  readonly maxActiveRows: number;
  readonly weightOf: (tenant: string) => number;
  readonly observer: Observer;
  readonly ended: (job: SimulatedJob) => void;
  /** A row of a cancelled job holds nothing any more. */
  readonly freed: (row: SimulatedRow, nowMs: number) => void;
}

/** One device under the real scheduler and the real cost model, as the engine drives them. */
export class SimulatedDevice {
  readonly name: string;
  /** Step times by model, as the server knows them. */
  readonly costs: ReadonlyMap<string, CostModel>;
  busyMs = 0;
  readonly #options: DeviceOptions;
  readonly #waiting: WaitingRows<SimulatedRow>;
  readonly #away = new Set<SimulatedBatch>();
  #busyUntilMs = 0;

  constructor(options: DeviceOptions) {
    const { name, model, models, scheduler, maxActiveRows, weightOf } = options;
    this.#options = options;
    this.name = name;
    this.#waiting = new WaitingRows(maxActiveRows, ({ job }) => job, weightOf);
    const { limit } = model;
    const batchSizes = profiledSizes(limit);
    const bounds = { maxPlaces: limit, maxStepMs: Number.MAX_VALUE };
    const costOf = (served: string): CostModel => {
      const stepMs = batchSizes.map((places) => modelStepMs(model, served, places));
      return new CostModel({ batchSizes, stepMs }, bounds);
    };
    this.costs = new Map(models.map((served) => [served, costOf(served)]));
    for (const [served, cost] of this.costs) {
      const stepOf = (places: number): number => cost.stepMs(places);
      scheduler.open(this.#lane(served), { limit: cost.limit, stepMs: stepOf, device: name });
    }
  }

  /** Rows of other jobs than one, for a prediction. */
  backlog(except: SimulatedJob): RowGroup[] {
    const groups: RowGroup[] = [];
    for (const [job, members] of this.#rowsByJob()) {
      if (job === except) continue;
      const { model, tenant, priority, deadlineMs } = job;
      for (const waiting of [false, true]) {
        const rows = members.filter(({ active }) => active !== waiting);
        if (rows.length === 0) continue;
        const evaluations = rows.reduce((sum, { left }) => sum + left, 0) / rows.length;
        const group = { lane: model, tenant, priority, rows: rows.length, places: 1, evaluations };
        groups.push({ ...group, deadlineMs, waiting });
      }
    }
    return groups;
  }

  /** A row has been placed here. */
  add(row: SimulatedRow): void {
    this.#waiting.add(row);
  }

  /** Gives out registers and batches. @returns the batches, which `back` takes at their ends */
  pump(nowMs: number): SimulatedBatch[] {
    for (let row = this.#waiting.first; row !== undefined; row = this.#waiting.first) {
      this.#waiting.hold(row);
      row.active = true;
      this.#ready(row);
    }
    const batches: SimulatedBatch[] = [];
    const { scheduler, model, random } = this.#options;
    while (this.#away.size < CAPACITY) {
      const choice = scheduler.next(nowMs, { device: this.name, full: this.#away.size >= 1 });
      if (choice === undefined) break;
      const served = choice.rows[0]?.job.model ?? "";
      const stepMs = drawStepMs(model, served, choice.rows.length, random);
      const fails = model.failures > 0 && random.uniform() < model.failures;
      this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + stepMs;
      const batch = { device: this, choice, endMs: this.#busyUntilMs, stepMs, fails };
      this.#away.add(batch);
      batches.push(batch);
    }
    return batches;
  }

  /** A batch has ended: its rows go on. @returns false where it was lost with the device */
  back(batch: SimulatedBatch): boolean {
    if (!this.#away.delete(batch)) return false;
    const { choice, stepMs, fails, endMs } = batch;
    this.busyMs += stepMs;
    const model = choice.rows[0]?.job.model ?? "";
    if (!fails) this.costs.get(model)?.observe(choice.rows.length, stepMs);
    for (const row of choice.rows) {
      if (row.job.cancelledMs !== undefined) {
        this.#free(row, endMs);
        continue;
      }
      if (!fails) this.#step(row, endMs);
      if (row.left > 0) this.#ready(row);
    }
    this.#options.scheduler.back(choice);
    return true;
  }

  /**
   * The device is lost, with the batches that it had. What its rows have done is not: registers are read from a step's
   * front and written to its back, and the device's memory has neither.
   *
   * @param rows all that it had
   */
  lose(rows: readonly SimulatedRow[], nowMs: number): void {
    const { scheduler } = this.#options;
    for (const { choice } of this.#away) {
      scheduler.back(choice);
      for (const row of choice.rows) {
        if (row.job.cancelledMs !== undefined) this.#free(row, nowMs);
      }
    }
    this.#away.clear();
    this.#busyUntilMs = nowMs;
    for (const row of rows) {
      if (!row.active) this.#waiting.remove(row);
      else {
        scheduler.remove(this.#lane(row.job.model), row);
        this.#waiting.release(row);
        row.active = false;
      }
    }
  }

  /** Takes out a row whose job was cancelled; one in a batch keeps its registers until that has ended. */
  cancel(row: SimulatedRow, nowMs: number): void {
    const { scheduler, placement } = this.#options;
    if (row.home !== undefined) placement.remove(row.home);
    if (!row.active) {
      this.#waiting.remove(row);
      this.#options.freed(row, nowMs);
    } else if (scheduler.remove(this.#lane(row.job.model), row)) this.#free(row, nowMs);
  }

  #free(row: SimulatedRow, nowMs: number): void {
    this.#waiting.release(row);
    row.active = false;
    this.#options.freed(row, nowMs);
  }

  #lane(model: string): string {
    return `${this.name}/${model}`;
  }

  #ready(row: SimulatedRow): void {
    const { model, tenant, priority, deadlineMs } = row.job;
    const readiness = { tenant, priority, deadlineMs, evaluations: row.left };
    this.#options.scheduler.add(this.#lane(model), row, readiness);
  }

  #step(row: SimulatedRow, nowMs: number): void {
    const { placement, observer, ended } = this.#options;
    const { job, home } = row;
    row.left--;
    if (job.firstStepMs === undefined) {
      job.firstStepMs = nowMs;
      observer.stepped?.(job, nowMs);
    }
    if (home === undefined) throw new RangeError("a row has run without a device");
    if (row.left > 0) {
      placement.update(home, row.left);
      return;
    }
    placement.remove(home);
    this.#waiting.release(row);
    job.unfinished--;
    if (job.unfinished > 0) return;
    job.endMs = nowMs;
    ended(job);
    observer.ended?.(job, nowMs);
  }

  #rowsByJob(): Map<SimulatedJob, SimulatedRow[]> {
    const byJob = new Map<SimulatedJob, SimulatedRow[]>();
    for (const row of this.#options.placement.rowsOn(this.name)) {
      const known = byJob.get(row.job);
      if (known === undefined) byJob.set(row.job, [row]);
      else known.push(row);
    }
    return byJob;
  }
}
