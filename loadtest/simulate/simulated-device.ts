import { CostModel } from "../../server/engine/cost-model.ts";
import type { RowGroup } from "../../server/engine/predict-finish.ts";
import type { Choice, Scheduler } from "../../server/engine/scheduler.ts";
import { profiledSizes } from "../../server/engine/step-profile.ts";
import { WaitingRows } from "../../server/engine/waiting-rows.ts";
import { type DeviceModel, drawStepMs } from "./device-model.ts";
import type { Random } from "./random.ts";
import type { ArrivingJob } from "./workload.ts";

/** A batch is with the device, and one more waits behind it. */
const CAPACITY = 2;

export interface SimulatedJob extends ArrivingJob {
  readonly lane: string;
  readonly device: SimulatedDevice;
  readonly members: SimulatedRow[];
  /** Rows that have not ended. */
  unfinished: number;
  firstStepMs: number | undefined;
  endMs: number | undefined;
}

export interface SimulatedRow {
  readonly job: SimulatedJob;
  left: number;
  /** It has registers. */
  active: boolean;
}

/** A batch that the device runs or has before it. */
export interface SimulatedBatch {
  readonly device: SimulatedDevice;
  readonly choice: Choice<SimulatedRow>;
  readonly endMs: number;
  readonly stepMs: number;
  readonly fails: boolean;
}

export interface DeviceOptions {
  readonly name: string;
  readonly model: DeviceModel;
  readonly scheduler: Scheduler<SimulatedRow>;
  readonly random: Random;
  readonly maxActiveRows: number;
  readonly weightOf: (tenant: string) => number;
}

/** One device under the real scheduler and the real cost model, as the engine drives them. */
export class SimulatedDevice {
  readonly name: string;
  readonly waiting: WaitingRows<SimulatedRow>;
  /** Jobs that have not ended. */
  readonly jobs: Set<SimulatedJob> = new Set();
  /** Evaluations that its jobs still need. */
  evaluationsLeft = 0;
  readonly costs: Map<string, CostModel> = new Map();
  busyMs = 0;
  #busyUntilMs = 0;
  #batches = 0;
  readonly #options: DeviceOptions;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.name = options.name;
    this.waiting = new WaitingRows(options.maxActiveRows, ({ job }) => job, options.weightOf);
  }

  /** The lane of a model, opened when its first job comes. */
  laneOf(model: string): string {
    const lane = `${this.name}/${model}`;
    if (this.costs.has(lane)) return lane;
    const { limit, stepMs } = this.#options.model;
    const batchSizes = profiledSizes(limit);
    const profile = { batchSizes, stepMs: batchSizes.map(stepMs) };
    const cost = new CostModel(profile, { maxPlaces: limit, maxStepMs: Number.MAX_VALUE });
    this.costs.set(lane, cost);
    this.#options.scheduler.open(lane, {
      limit: cost.limit,
      stepMs: (places) => cost.stepMs(places),
      device: this.name,
    });
    return lane;
  }

  /** What it has to do, for a prediction. */
  backlog(): RowGroup[] {
    const groups: RowGroup[] = [];
    for (const { members, lane, tenant, priority, deadlineMs } of this.jobs) {
      for (const waiting of [false, true]) {
        const rows = members.filter(({ left, active }) => left > 0 && active !== waiting);
        if (rows.length === 0) continue;
        const evaluations = rows.reduce((sum, { left }) => sum + left, 0) / rows.length;
        const group = { lane, tenant, priority, rows: rows.length, places: 1, evaluations };
        groups.push({ ...group, deadlineMs, waiting });
      }
    }
    return groups;
  }

  ready(row: SimulatedRow): void {
    const { lane, tenant, priority, deadlineMs } = row.job;
    const readiness = { tenant, priority, deadlineMs, evaluations: row.left };
    this.#options.scheduler.add(lane, row, readiness);
  }

  /** Gives out registers and batches. @returns the batches, which `back` takes at their ends */
  pump(nowMs: number): SimulatedBatch[] {
    for (let row = this.waiting.first; row !== undefined; row = this.waiting.first) {
      this.waiting.hold(row);
      row.active = true;
      this.ready(row);
    }
    const batches: SimulatedBatch[] = [];
    const { scheduler, model, random } = this.#options;
    while (this.#batches < CAPACITY) {
      const choice = scheduler.next(nowMs, { device: this.name, full: this.#batches >= 1 });
      if (choice === undefined) break;
      const stepMs = drawStepMs(model, choice.rows.length, random);
      const fails = model.failures > 0 && random.uniform() < model.failures;
      this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + stepMs;
      this.#batches++;
      batches.push({ device: this, choice, endMs: this.#busyUntilMs, stepMs, fails });
    }
    return batches;
  }

  /** A batch has ended: its rows go on. */
  back({ choice, stepMs, fails, endMs }: SimulatedBatch): void {
    this.#batches--;
    this.busyMs += stepMs;
    if (!fails) this.costs.get(choice.lane)?.observe(choice.rows.length, stepMs);
    for (const row of choice.rows) {
      if (!fails) this.#step(row, endMs);
      if (row.left > 0) this.ready(row);
    }
    this.#options.scheduler.back(choice);
  }

  #step(row: SimulatedRow, nowMs: number): void {
    const { job } = row;
    row.left--;
    this.evaluationsLeft--;
    job.firstStepMs ??= nowMs;
    if (row.left > 0) return;
    this.waiting.release(row);
    job.unfinished--;
    if (job.unfinished > 0) return;
    job.endMs = nowMs;
    this.jobs.delete(job);
  }
}
