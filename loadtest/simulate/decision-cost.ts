import type { Priority } from "../../server/engine/device-schedule.ts";
import { Scheduler } from "../../server/engine/scheduler.ts";
import { WaitingRows } from "../../server/engine/waiting-rows.ts";
import { GPU } from "./device-model.ts";
import { Random } from "./random.ts";

/** The device of the measurement: two lanes, a hundred tenants. */
const LANES = ["0/a", "0/b"] as const;
const TENANTS = 100;
/** Rows of a job, and evaluations of a row. */
const ROWS = 8;
const EVALUATIONS = 20;
/** Of the jobs: those of batch work, and those with a deadline. */
const BATCH_PART = 0.2;
const DEADLINE_PART = 0.1;

/** Decisions of one size before it is the next one's turn: what else the machine does meets all sizes alike. */
const BLOCK = 50;

export interface DecisionCost {
  /** Rows that have not ended. */
  readonly rows: number;
  /** A decision with the return of its rows, in ms. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

interface Job {
  readonly lane: string;
  readonly priority: Priority;
  readonly tenant: string;
  readonly deadlineMs: number | undefined;
}

interface Row {
  readonly job: Job;
  left: number;
}

/** So many rows before one device, driven as the engine drives it. A row that ends is followed by another. */
class Bed {
  readonly rows: number;
  readonly timesMs: number[] = [];
  readonly #scheduler = new Scheduler<Row>();
  readonly #waiting: WaitingRows<Row>;
  readonly #random: Random;
  #jobs = 0;
  #nowMs = 0;

  constructor(rows: number, registers: number, seed: number) {
    this.rows = rows;
    this.#random = new Random(seed);
    this.#waiting = new WaitingRows(registers, ({ job }) => job);
    const { limit, stepMs } = GPU;
    for (const lane of LANES) this.#scheduler.open(lane, { limit, stepMs });
    for (let i = 0; i < rows; i += ROWS) {
      const job = this.#job();
      for (let k = 0; k < ROWS; k++) this.#waiting.add({ job, left: this.#within(EVALUATIONS) });
    }
    this.#activate();
  }

  /** Chooses a batch, takes its rows back, and gives the registers of those that end to others. */
  decide(measured: boolean): void {
    const started = performance.now();
    const choice = this.#scheduler.next(this.#nowMs);
    if (choice === undefined) throw new RangeError("rows wait and none is chosen");
    for (const row of choice.rows) {
      row.left--;
      if (row.left > 0) this.#ready(row);
      else {
        this.#waiting.release(row);
        this.#waiting.add({ job: row.job, left: EVALUATIONS });
      }
    }
    this.#scheduler.back(choice);
    this.#activate();
    const ms = performance.now() - started;
    if (measured) this.timesMs.push(ms);
    this.#nowMs += GPU.stepMs(choice.rows.length);
  }

  #activate(): void {
    for (let row = this.#waiting.first; row !== undefined; row = this.#waiting.first) {
      this.#waiting.hold(row);
      this.#ready(row);
    }
  }

  #ready(row: Row): void {
    const { lane, priority, tenant, deadlineMs } = row.job;
    this.#scheduler.add(lane, row, { priority, tenant, deadlineMs, evaluations: row.left });
  }

  #job(): Job {
    const random = this.#random;
    const due = random.uniform() < DEADLINE_PART;
    return {
      lane: LANES[this.#jobs++ % LANES.length] ?? "",
      priority: random.uniform() < BATCH_PART ? "batch" : "interactive",
      tenant: `tenant ${this.#within(TENANTS)}`,
      // So late that the device could meet them all: the number at risk does not depend on how many wait.
      deadlineMs: due ? 1e6 * (1 + random.uniform()) * this.rows : undefined,
    };
  }

  /** 1 to `most`. */
  #within(most: number): number {
    return 1 + Math.floor(most * this.#random.uniform());
  }
}

/**
 * What a decision costs with so many rows before one device: sizes by turns, after a warm-up of each.
 *
 * @param registers rows that have registers at once, which are those that are ready for the scheduler; the others wait
 * @param decisions of each size; the warm-up has a quarter as many before
 */
export function measureDecisionCost(
  sizes: readonly number[],
  registers: number,
  decisions: number,
  seed = 1,
): DecisionCost[] {
  const beds = sizes.map((rows) => new Bed(rows, registers, seed));
  for (let done = -decisions / 4; done < decisions; done += BLOCK) {
    for (const bed of beds) for (let i = 0; i < BLOCK; i++) bed.decide(done >= 0);
  }
  return beds.map(({ rows, timesMs }) => {
    const sorted = timesMs.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return { rows, medianMs: at(0.5), p99Ms: at(0.99) };
  });
}
