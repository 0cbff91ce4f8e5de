import { PRIORITIES, type Priority } from "./device-schedule.ts";
import { type Flow, Holder, isDue } from "./flow.ts";
import type { RowGroup } from "./predict-finish.ts";
import { batchPlaces, batchPlacesFirst } from "./waiting-rows.ts";

/** Registers are given out in at least so many parts, so that tenants get them by turns. */
const PARTS = 16;

/** Who has registers; given to the higher class, then to whom holds the fewest for his weight. */
export class FlowRegisters {
  readonly #holders: Readonly<Record<Priority, Map<string, Holder>>> = {
    interactive: new Map(),
    batch: new Map(),
  };
  readonly #weightOf: (tenant: string) => number;
  readonly #part: number;
  #free: number;
  #freeOfBatch: number;
  readonly #batchPlaces: number;
  readonly #batchFirst: number;
  /** Flows that wait, and those of them that have a deadline. */
  waiting = 0;
  #due = 0;
  oursWaits = false;

  constructor(places: number, weightOf: (tenant: string) => number) {
    this.#free = places;
    this.#batchPlaces = batchPlaces(places);
    this.#freeOfBatch = this.#batchPlaces;
    this.#batchFirst = batchPlacesFirst(places);
    this.#part = Math.ceil(places / PARTS);
    this.#weightOf = weightOf;
  }

  get dueWait(): boolean {
    return this.#due > 0;
  }

  holderOf({ tenant, priority }: RowGroup): Holder {
    const ofClass = this.#holders[priority];
    let holder = ofClass.get(tenant);
    if (holder === undefined) {
      const weight = this.#weightOf(tenant);
      holder = new Holder(priority, weight);
      ofClass.set(tenant, holder);
    }
    return holder;
  }

  /** Behind those that wait already. */
  await(flow: Flow): void {
    flow.holder.waiting.push(flow);
    this.#count(flow, 1);
  }

  hold({ holder, rows }: Flow): void {
    this.#change(holder, rows);
  }

  release({ holder, rows }: Flow): void {
    this.#change(holder, -rows);
  }

  /** Takes out of those that wait what gets registers now. */
  give(): Flow[] {
    const given: Flow[] = [];
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const rows = Math.min(next.rows, this.#freeFor(next.holder.priority), this.#part);
      const part = next.part(rows);
      next.rows -= rows;
      if (next.rows === 0) {
        next.holder.next++;
        this.#count(next, -1);
      }
      this.hold(part);
      given.push(part);
    }
    return merged(given);
  }

  #count(flow: Flow, by: 1 | -1): void {
    this.waiting += by;
    if (isDue(flow)) this.#due += by;
    if (flow.ours) this.oursWaits = by > 0;
  }

  #change(holder: Holder, rows: number): void {
    this.#free -= rows;
    if (holder.priority === "batch") this.#freeOfBatch -= rows;
    holder.held += rows;
  }

  #freeFor(priority: Priority): number {
    return priority === "batch" ? Math.min(this.#free, this.#freeOfBatch) : this.#free;
  }

  /** Who gets registers next: of the class that is first, or else of the other one. */
  #first(): Flow | undefined {
    if (this.waiting === 0) return undefined;
    const batchFirst = this.#batchPlaces - this.#freeOfBatch < this.#batchFirst;
    const classes: readonly Priority[] = batchFirst ? ["batch", "interactive"] : PRIORITIES;
    for (const priority of classes) {
      const first = this.#freeFor(priority) > 0 ? this.#firstOf(priority) : undefined;
      if (first !== undefined) return first;
    }
    return undefined;
  }

  #firstOf(priority: Priority): Flow | undefined {
    let first: Flow | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const { waiting, next, held, weight } of this.#holders[priority].values()) {
      const flow = waiting[next];
      const level = held / weight;
      if (flow === undefined || level > least) continue;
      if (level === least && first !== undefined && first.order < flow.order) continue;
      first = flow;
      least = level;
    }
    return first;
  }
}

/** Parts of one group that start together are one again. */
function merged(flows: readonly Flow[]): Flow[] {
  const byGroup = new Map<RowGroup, Flow>();
  for (const flow of flows) {
    const known = byGroup.get(flow.group);
    if (known === undefined) byGroup.set(flow.group, flow);
    else known.rows += flow.rows;
  }
  return [...byGroup.values()];
}
