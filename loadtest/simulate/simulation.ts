import { Heap, type HeapItem } from "../../server/engine/heap.ts";
import { Placement } from "../../server/engine/placement.ts";
import { predictFinishMs } from "../../server/engine/predict-finish.ts";
import { Scheduler } from "../../server/engine/scheduler.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import {
  type Observer,
  SimulatedDevice,
  type SimulatedJob,
  type SimulatedRow,
} from "./simulated-device.ts";
import type { ArrivingJob } from "./workload.ts";

/** What a run leaves behind. */
export interface Ended {
  /** Jobs that have not ended. */
  readonly left: ReadonlySet<SimulatedJob>;
  readonly endedMs: number;
  /** Of each device: the time that it was evaluating, in ms. */
  readonly busyMs: readonly number[];
  /** Batches that were chosen. */
  readonly decisions: number;
  /** Devices that were lost, each time counted. */
  readonly deviceFaults: number;
  /** Rows that went to another device because theirs was lost. */
  readonly movedRows: number;
}

interface Event extends HeapItem {
  run(): void;
}

/**
 * One run: the server's placement, scheduler, cost model and admission, driven as the engine drives them, on a simulated
 * clock. It remembers jobs that have not ended, and nothing else.
 */
export class Simulation {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #observer: Observer;
  readonly #devices: readonly SimulatedDevice[];
  readonly #byName: ReadonlyMap<string, SimulatedDevice>;
  readonly #placement = new Placement<SimulatedRow>();
  readonly #events = new Heap<Event>();
  readonly #jobs = new Set<SimulatedJob>();
  /** Rows of models that no open device has. */
  #homeless: SimulatedRow[] = [];
  readonly #weightOf: (tenant: string) => number;
  /** Cancelled jobs that a device still has rows of. */
  #leaving = 0;
  #order = 0;
  #decisions = 0;
  #deviceFaults = 0;
  #movedRows = 0;
  #nowMs = 0;

  constructor(scenario: Scenario, random: Random, observer: Observer) {
    this.#scenario = scenario;
    this.#random = random;
    this.#observer = observer;
    const { devices, weights = {}, maxActiveRows = Number.MAX_SAFE_INTEGER, sources } = scenario;
    const all = [...new Set(["model", ...sources.map(({ model = "model" }) => model)])];
    const weightOf = (tenant: string): number => weights[tenant] ?? 1;
    this.#weightOf = weightOf;
    const shared = {
      scheduler: new Scheduler<SimulatedRow>({ weightOf }),
      placement: this.#placement,
      ...{ random, maxActiveRows, weightOf },
      observer,
      ended: (job: SimulatedJob) => this.#jobs.delete(job),
      freed: ({ job }: SimulatedRow, nowMs: number) => this.#freed(job, nowMs),
    };
    this.#devices = devices.map((model, i) => {
      const { models = all } = model;
      return new SimulatedDevice({ ...shared, name: `${i}`, model, models });
    });
    this.#byName = new Map(this.#devices.map((device) => [device.name, device]));
    for (const device of this.#devices) this.#open(device);
  }

  /** @param arriving jobs in order of arrival */
  run(arriving: Iterable<ArrivingJob>): Ended {
    const { endMs, finish = true } = this.#scenario;
    const jobs = arriving[Symbol.iterator]();
    let job = jobs.next();
    for (;;) {
      const event = this.#events.first;
      if (!job.done && (event === undefined || job.value.atMs <= event.key)) {
        this.#nowMs = job.value.atMs;
        this.#arrive(job.value);
        job = jobs.next();
      } else if (event === undefined || (job.done && this.#jobs.size + this.#leaving === 0)) break;
      else if (!finish && event.key > endMs) break;
      else {
        this.#events.remove(event);
        this.#nowMs = event.key;
        event.run();
      }
    }
    return {
      left: this.#jobs,
      endedMs: this.#nowMs,
      busyMs: this.#devices.map(({ busyMs }) => busyMs),
      decisions: this.#decisions,
      deviceFaults: this.#deviceFaults,
      movedRows: this.#movedRows,
    };
  }

  #arrive(arriving: ArrivingJob): void {
    const { rows, evaluations } = arriving;
    const members: SimulatedRow[] = [];
    const times = { firstStepMs: undefined, endMs: undefined, cancelledMs: undefined };
    const job: SimulatedJob = { ...arriving, members, unfinished: rows, ...times };
    for (let i = 0; i < rows; i++) {
      const row: SimulatedRow = { job, left: evaluations, active: false, home: undefined };
      row.home = this.#home(row);
      members.push(row);
    }
    if (this.#refuses(job)) {
      for (const { home } of members) if (home !== undefined) this.#placement.remove(home);
      this.#observer.refused?.(arriving);
      return;
    }
    this.#jobs.add(job);
    this.#observer.admitted?.(job);
    this.#settle(members);
    const { cancelMs } = arriving;
    if (cancelMs !== undefined) this.#at(cancelMs, () => this.#cancel(job));
  }

  #cancel(job: SimulatedJob): void {
    if (!this.#jobs.delete(job)) return;
    job.cancelledMs = this.#nowMs;
    this.#leaving++;
    this.#observer.cancelled?.(job, this.#nowMs);
    const devices = new Set<SimulatedDevice>();
    for (const row of job.members) {
      if (row.left === 0) continue;
      const device = this.#byName.get(row.home?.device ?? "");
      if (device === undefined) this.#freed(job, this.#nowMs);
      else {
        device.cancel(row, this.#nowMs);
        devices.add(device);
      }
    }
    this.#homeless = this.#homeless.filter((row) => row.job !== job);
    for (const device of devices) this.#pump(device);
  }

  /** A row of a cancelled job is gone. */
  #freed(job: SimulatedJob, nowMs: number): void {
    job.unfinished--;
    if (job.unfinished > 0) return;
    this.#leaving--;
    this.#observer.freed?.(job, nowMs);
  }

  #home(row: SimulatedRow): SimulatedRow["home"] {
    const { model: lane, priority } = row.job;
    return this.#placement.place(row, { lane, priority, places: 1, evaluations: row.left });
  }

  /** Rows that have been placed go to their devices. */
  #settle(rows: readonly SimulatedRow[]): void {
    const devices = new Set<SimulatedDevice>();
    for (const row of rows) {
      const device = this.#byName.get(row.home?.device ?? "");
      if (device === undefined) this.#homeless.push(row);
      else {
        device.add(row);
        devices.add(device);
      }
    }
    for (const device of devices) this.#pump(device);
  }

  /** On each of its devices a job is to be done in time, and the deadlines there are to be met beside it. */
  #refuses(job: SimulatedJob): boolean {
    const { admission = false, maxActiveRows = Number.MAX_SAFE_INTEGER } = this.#scenario;
    const { model: lane, tenant, priority, evaluations, deadlineMs } = job;
    if (!admission || deadlineMs === undefined) return false;
    const parts = new Map<string, number>();
    for (const { home } of job.members) {
      if (home !== undefined) parts.set(home.device, (parts.get(home.device) ?? 0) + 1);
    }
    for (const [name, rows] of parts) {
      const device = this.#byName.get(name);
      if (device === undefined) continue;
      const group = { lane, tenant, priority, rows, places: 1, evaluations, deadlineMs };
      const context = { nowMs: this.#nowMs, lanes: device.costs, maxActiveRows };
      const { promiseMs, missed } = predictFinishMs(device.backlog(job), group, {
        ...context,
        weightOf: this.#weightOf,
      });
      if (promiseMs > deadlineMs || missed > 0) return true;
    }
    return false;
  }

  #pump(device: SimulatedDevice): void {
    for (const batch of device.pump(this.#nowMs)) {
      this.#decisions++;
      this.#at(batch.endMs, () => {
        if (!device.back(batch)) return;
        this.#observer.batch?.(batch);
        this.#pump(device);
      });
    }
  }

  #open(device: SimulatedDevice): void {
    this.#placement.open(device.name, device.costs);
    const rows = this.#homeless;
    this.#homeless = [];
    for (const row of rows) row.home = this.#home(row);
    this.#settle(rows);
    const { faults } = this.#scenario;
    if (faults === undefined) return;
    const upMs = this.#random.exponential(faults.meanUpMs);
    this.#at(this.#nowMs + upMs, () => this.#lose(device, faults.meanDownMs));
  }

  #lose(device: SimulatedDevice, meanDownMs: number): void {
    this.#deviceFaults++;
    const rows = this.#placement.close(device.name);
    this.#movedRows += rows.length;
    device.lose(rows, this.#nowMs);
    for (const row of rows) row.home = this.#home(row);
    this.#settle(rows);
    const downMs = this.#random.exponential(meanDownMs);
    this.#at(this.#nowMs + downMs, () => this.#open(device));
  }

  #at(key: number, run: () => void): void {
    this.#events.add({ key, order: this.#order++, place: -1, run });
  }
}
