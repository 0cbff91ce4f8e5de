import {
  DeviceSchedule,
  type Lane,
  type LaneQueue,
  type LaneTerms,
  laneQueue,
  type Priority,
} from "./device-schedule.ts";
import type { StepCost } from "./forming-batch.ts";
import type { ReadyRow } from "./ready-rows.ts";

/** Rows of one lane that are to share the next network evaluation. */
export interface Choice<Row> {
  readonly lane: string;
  readonly rows: readonly Row[];
}

/** How a ready row is to run. */
export interface Readiness {
  /** By itself, because a batch that it was in failed twice; default false. */
  readonly alone?: boolean;
  /** Places in the batch that it takes, at least 1; default 1. */
  readonly places?: number;
  /** Default "interactive". */
  readonly priority?: Priority;
  /** Who pays for it; default "". */
  readonly tenant?: string;
  /** When it must have ended, on the clock of `next`; default never. */
  readonly deadlineMs?: number | undefined;
  /** Evaluations that it still needs, expected; default 1. Only counts beside a deadline. */
  readonly evaluations?: number;
}

export interface LaneOptions extends StepCost {
  /** The device that runs it; default "". */
  readonly device?: string;
}

export interface NextOptions {
  /** Choose for this device; default "". */
  readonly device?: string;
  /**
   * Choose only among batches that would not become fuller by waiting: for work that is queued behind a batch that
   * still runs, where a part of a batch would keep its rows from those that come back in a moment. Default false.
   */
  readonly full?: boolean;
  /**
   * On what terms a lane's rows may be chosen, for who shares them with others but takes other batches; undefined: not at
   * all. Default: up to the lane's limit, and as `full` says.
   */
  readonly termsOf?: (lane: string) => LaneTerms | undefined;
}

export interface SchedulerOptions {
  /** A tenant's weight, finite and > 0; asked anew for each row that comes. Default 1 for all. */
  readonly weightOf?: (tenant: string) => number;
}

interface Queues<Row> {
  readonly lane: Lane;
  readonly device: DeviceSchedule<Row>;
  readonly shared: LaneQueue<Row>;
  readonly alone: LaneQueue<Row>;
  /** Its rows that are ready or away. A map of each lane's own stays in the cache where one of all rows would not. */
  readonly known: Map<Row, ReadyRow<Row>>;
}

/**
 * Decides which rows run next. On each device: the higher priority class; in it the earliest deadline, as long as one
 * is at risk; else the tenant that has had the least predicted device time for its weight; of one tenant the row that has
 * been ready longest, so that running rows take turns. The row's lane (one graph of one model) is then filled up in
 * the same order. Nobody starves: batch work and fair order have shares of their own (docs/decisions/0010).
 *
 * Pure and synchronous: no I/O and no clock. Every operation costs O(log n) per row, plus the device's lanes.
 */
export class Scheduler<Row> {
  readonly #lanes = new Map<string, Queues<Row>>();
  readonly #devices = new Map<string, DeviceSchedule<Row>>();
  readonly #away = new Map<Choice<Row>, { queues: Queues<Row>; rows: readonly ReadyRow<Row>[] }>();
  readonly #weightOf: (tenant: string) => number;
  #arrivals = 0;
  #size = 0;

  constructor({ weightOf = () => 1 }: SchedulerOptions = {}) {
    this.#weightOf = weightOf;
  }

  /** Opens a lane. @throws RangeError where it is open or the limit is no integer >= 1 */
  open(name: string, { limit, stepMs, device = "" }: LaneOptions): void {
    if (this.#lanes.has(name)) throw new RangeError(`lane ${name} is open already`);
    const lane: Lane = { name, limit: checkedLimit(limit), stepMs, away: 0 };
    let schedule = this.#devices.get(device);
    if (schedule === undefined) {
      schedule = new DeviceSchedule<Row>(this.#weightOf);
      this.#devices.set(device, schedule);
    }
    const queues = {
      lane,
      device: schedule,
      shared: laneQueue<Row>(lane, false),
      alone: laneQueue<Row>(lane, true),
      known: new Map<Row, ReadyRow<Row>>(),
    };
    schedule.open(queues.shared);
    schedule.open(queues.alone);
    this.#lanes.set(name, queues);
  }

  /** Closes a lane. @throws RangeError where it has rows that are ready or away */
  close(name: string): void {
    const { lane, device, shared, alone } = this.#lane(name);
    const ready = [shared, alone].some(
      ({ ready }) => ready.interactive.size > 0 || ready.batch.size > 0,
    );
    if (ready || lane.away > 0) throw new RangeError(`lane ${name} has rows`);
    device.close(shared);
    device.close(alone);
    this.#lanes.delete(name);
  }

  /** Rows that are ready and have not been chosen. */
  get size(): number {
    return this.#size;
  }

  /** Places of a lane's largest batch. */
  limit(lane: string): number {
    return this.#lane(lane).lane.limit;
  }

  /** Changes the places of a lane's largest batch. @throws RangeError where it is no integer >= 1 */
  setLimit(lane: string, limit: number): void {
    this.#lane(lane).lane.limit = checkedLimit(limit);
  }

  /** A row is ready for its next step. @throws RangeError where it is ready already in the lane */
  add(name: string, row: Row, readiness: Readiness = {}): void {
    const { lane, device, shared, alone, known } = this.#lane(name);
    const { places = 1, priority = "interactive", tenant = "", deadlineMs } = readiness;
    const before = known.get(row);
    if (before !== undefined && before.away === undefined) {
      throw new RangeError("the row is ready already");
    }
    const ready = device.enter(row, priority, tenant, before);
    if (ready !== before) known.set(row, ready);
    ready.away = undefined;
    ready.places = places;
    ready.from = (readiness.alone ? alone : shared).ready[priority];
    ready.order = this.#arrivals++;
    ready.key = deadlineMs ?? Number.POSITIVE_INFINITY;
    device.claim(lane, ready, readiness.evaluations ?? 1);
    ready.from.add(ready);
    this.#size++;
  }

  /** Takes a row out. @returns whether it was ready in the lane */
  remove(name: string, row: Row): boolean {
    const { device, known } = this.#lane(name);
    const ready = known.get(row);
    if (ready?.from === undefined || ready.away !== undefined) return false;
    ready.from.remove(ready);
    known.delete(row);
    this.#size--;
    device.leave(ready);
    return true;
  }

  /**
   * Takes the rows that run next. Each choice must be handed to `back` once.
   *
   * @param nowMs the time, on the clock of the deadlines
   */
  next(nowMs: number, { device = "", ...asked }: NextOptions = {}): Choice<Row> | undefined {
    const chosen = this.#devices.get(device)?.next(nowMs, asked);
    if (chosen === undefined) return undefined;
    const { queue, rows } = chosen;
    const queues = this.#lane(queue.lane.name);
    for (const ready of rows) ready.away = rows;
    this.#size -= rows.length;
    const choice = { lane: queue.lane.name, rows: rows.map(({ row }) => row) };
    queue.lane.away++;
    this.#away.set(choice, { queues, rows });
    return choice;
  }

  /**
   * A batch has been done or has failed. Its rows that go on are to be added again before this is called: a tenant
   * none of whose rows is ready or away counts as idle, and is owed nothing.
   *
   * @throws RangeError where it is not away
   */
  back(choice: Choice<Row>): void {
    const away = this.#away.get(choice);
    if (away === undefined) throw new RangeError("the batch is not away");
    this.#away.delete(choice);
    away.queues.lane.away--;
    const { queues, rows } = away;
    for (const ready of rows) {
      if (ready.away !== rows) continue;
      queues.device.leave(ready);
      queues.known.delete(ready.row);
    }
  }

  #lane(name: string): Queues<Row> {
    const queues = this.#lanes.get(name);
    if (queues === undefined) throw new RangeError(`no lane ${name}`);
    return queues;
  }
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw new RangeError(`a lane's limit must be an integer of at least 1; seen ${limit}`);
}
