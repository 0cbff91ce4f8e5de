import { Heap, type HeapItem } from "../../server/engine/heap.ts";
import { predictFinishMs } from "../../server/engine/predict-finish.ts";
import { Scheduler } from "../../server/engine/scheduler.ts";
import type { DeviceModel } from "./device-model.ts";
import { Random } from "./random.ts";
import {
  type SimulatedBatch,
  SimulatedDevice,
  type SimulatedJob,
  type SimulatedRow,
} from "./simulated-device.ts";
import { type ArrivingJob, arrivals, type JobSource } from "./workload.ts";

export interface Scenario {
  readonly devices: readonly DeviceModel[];
  readonly sources: readonly JobSource[];
  /** Jobs come until then, in ms. */
  readonly endMs: number;
  /** What runs then still ends; default true. Without, shares of a saturated device can be told. */
  readonly finish?: boolean;
  readonly weights?: Readonly<Record<string, number>>;
  /** Refuse a job whose deadline, or another one's by it, could not be met; default false. */
  readonly admission?: boolean;
  /** Rows with registers, a device; default no bound. */
  readonly maxActiveRows?: number;
}

/** A batch that has run. */
export interface BatchRecord {
  readonly endMs: number;
  readonly stepMs: number;
  readonly places: number;
  readonly limit: number;
  /** Places by tenant. */
  readonly tenants: ReadonlyMap<string, number>;
}

export interface Outcome {
  /** Every job that was not refused. */
  readonly jobs: readonly SimulatedJob[];
  readonly refused: readonly ArrivingJob[];
  readonly batches: readonly BatchRecord[];
  readonly endedMs: number;
  /** Of each device: the time that it was evaluating, in ms. */
  readonly busyMs: readonly number[];
  readonly decisions: number;
}

interface Event extends HeapItem {
  readonly batch: SimulatedBatch;
}

/** The jobs of a scenario through the real scheduler, on a simulated clock. The seed determines everything. */
export function simulate(scenario: Scenario, seed: number): Outcome {
  const random = new Random(seed);
  return new Simulation(scenario, random).run(arrivals(scenario.sources, scenario.endMs, random));
}

/** One run; tests give it jobs of their own. */
export class Simulation {
  readonly #scenario: Scenario;
  readonly #devices: readonly SimulatedDevice[];
  readonly #events = new Heap<Event>();
  readonly #jobs: SimulatedJob[] = [];
  readonly #refused: ArrivingJob[] = [];
  readonly #batches: BatchRecord[] = [];
  readonly #weightOf: (tenant: string) => number;
  #order = 0;
  #nowMs = 0;

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario;
    const { devices, weights = {}, maxActiveRows = Number.MAX_SAFE_INTEGER } = scenario;
    this.#weightOf = (tenant) => weights[tenant] ?? 1;
    const weightOf = this.#weightOf;
    const scheduler = new Scheduler<SimulatedRow>({ weightOf });
    this.#devices = devices.map(
      (model, i) =>
        new SimulatedDevice({ name: `${i}`, model, scheduler, random, maxActiveRows, weightOf }),
    );
  }

  /** @param arriving jobs in order of arrival */
  run(arriving: readonly ArrivingJob[]): Outcome {
    const { endMs, finish = true } = this.#scenario;
    let next = 0;
    for (;;) {
      const job = arriving[next];
      const event = this.#events.first;
      if (job !== undefined && (event === undefined || job.atMs <= event.key)) {
        next++;
        this.#nowMs = job.atMs;
        this.#arrive(job);
      } else if (event !== undefined && (finish || event.key <= endMs)) {
        this.#events.remove(event);
        this.#nowMs = event.key;
        this.#back(event.batch);
      } else break;
    }
    return {
      jobs: this.#jobs,
      refused: this.#refused,
      batches: this.#batches,
      endedMs: this.#nowMs,
      busyMs: this.#devices.map(({ busyMs }) => busyMs),
      decisions: this.#order,
    };
  }

  /** To the device that has the least to do. */
  #arrive(arriving: ArrivingJob): void {
    const device = this.#devices.reduce((least, other) =>
      other.evaluationsLeft < least.evaluationsLeft ? other : least,
    );
    const lane = device.laneOf(arriving.model);
    if (this.#refuses(arriving, device, lane)) {
      this.#refused.push(arriving);
      return;
    }
    const { rows, evaluations } = arriving;
    const job: SimulatedJob = {
      ...arriving,
      lane,
      device,
      members: [],
      unfinished: rows,
      firstStepMs: undefined,
      endMs: undefined,
    };
    for (let i = 0; i < rows; i++) job.members.push({ job, left: evaluations, active: false });
    this.#jobs.push(job);
    device.jobs.add(job);
    device.evaluationsLeft += rows * evaluations;
    for (const row of job.members) device.waiting.add(row);
    this.#pump(device);
  }

  #refuses(job: ArrivingJob, device: SimulatedDevice, lane: string): boolean {
    const { admission = false, maxActiveRows = Number.MAX_SAFE_INTEGER } = this.#scenario;
    if (!admission || job.deadlineMs === undefined) return false;
    const { tenant, priority, rows, evaluations, deadlineMs } = job;
    const group = { lane, tenant, priority, rows, places: 1, evaluations, deadlineMs };
    const context = { nowMs: this.#nowMs, lanes: device.costs, maxActiveRows };
    const { promiseMs, missed } = predictFinishMs(device.backlog(), group, {
      ...context,
      weightOf: this.#weightOf,
    });
    return promiseMs > deadlineMs || missed > 0;
  }

  #back(batch: SimulatedBatch): void {
    const { device, choice, endMs, stepMs } = batch;
    const tenants = new Map<string, number>();
    for (const { job } of choice.rows) tenants.set(job.tenant, (tenants.get(job.tenant) ?? 0) + 1);
    const limit = device.costs.get(choice.lane)?.limit ?? 1;
    this.#batches.push({ endMs, stepMs, places: choice.rows.length, limit, tenants });
    device.back(batch);
    this.#pump(device);
  }

  #pump(device: SimulatedDevice): void {
    for (const batch of device.pump(this.#nowMs)) {
      this.#events.add({ key: batch.endMs, order: this.#order++, place: -1, batch });
    }
  }
}

/** Device time by tenant between two times, in ms. */
export function deviceTime(
  { batches }: Pick<Outcome, "batches">,
  fromMs: number,
  untilMs: number,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const { endMs, stepMs, places, tenants } of batches) {
    if (endMs < fromMs || endMs > untilMs) continue;
    for (const [tenant, mine] of tenants) {
      times.set(tenant, (times.get(tenant) ?? 0) + (stepMs * mine) / places);
    }
  }
  return times;
}
