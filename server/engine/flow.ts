import type { Priority } from "./device-schedule.ts";
import type { StepCost } from "./forming-batch.ts";
import { Heap, type HeapItem } from "./heap.ts";
import type { RowGroup } from "./predict-finish.ts";

/** A tenant of one class: what registers it holds, and its flows that share what is its part of a cycle. */
export class Holder {
  readonly priority: Priority;
  readonly weight: number;
  held = 0;
  /** Those of its flows that wait, the first at `next`. */
  readonly waiting: Flow[] = [];
  next = 0;
  /** Its flows that run, those that deadlines have run first included. */
  running = 0;
  /** Those that run in fair order, by the cycles' work `done` at which they end. */
  readonly fair: Heap<Flow> = new Heap();
  /** What these take in a cycle, by column. */
  readonly load: number[] = [];
  /** Evaluations that a flow has done that has been there from the beginning. */
  done = 0;
  /** What it needs in a cycle, in ms, and the part of it that it gets: evaluations of each of its flows. */
  needMs = 0;
  part = 0;

  constructor(priority: Priority, weight: number) {
    this.priority = priority;
    this.weight = weight;
  }

  /** Evaluations that each of its flows does in a cycle: nobody stands still for ever. */
  get rate(): number {
    return Math.max(this.part, LEAST_RATE);
  }
}

export const LEAST_RATE = 1e-6;

/** Rows that are alike, as a part of the fluid. As an item of a heap it is ordered by when it ends. */
export class Flow implements HeapItem {
  readonly group: RowGroup;
  readonly cost: StepCost;
  readonly ours: boolean;
  /** Of its tenant in its class. */
  readonly holder: Holder;
  /** Place among all flows. */
  order = 0;
  rows: number;
  /** Evaluations left of each row; while it is in a heap, `key` says it. */
  left: number;
  /** What its share of a cycle is counted in; see FluidLanes. */
  column = 0;
  /** When it began to run, among all. */
  begun = 0;
  key = 0;
  place = -1;

  constructor(group: RowGroup, cost: StepCost, holder: Holder, ours: boolean) {
    this.group = group;
    this.cost = cost;
    this.holder = holder;
    this.ours = ours;
    this.rows = group.rows;
    this.left = group.evaluations;
  }

  /** So many of its rows, as a flow of their own. */
  part(rows: number): Flow {
    const part = new Flow(this.group, this.cost, this.holder, this.ours);
    part.order = this.order;
    part.rows = rows;
    part.left = this.left;
    return part;
  }
}

export function isDue({ group }: Flow): boolean {
  return group.deadlineMs !== undefined;
}

/** What a flow takes of its column in a cycle. */
export function unitsOf({ rows, group }: Flow): number {
  return group.alone ? rows : rows * group.places;
}

/** Adds to what is taken of a column. */
export function count(load: number[], { column }: Flow, units: number): void {
  load[column] = (load[column] ?? 0) + units;
}
