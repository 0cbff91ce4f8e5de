import { PRIORITIES, type Priority } from "./device-schedule.ts";
import { Fifo } from "./fifo.ts";
import { Heap, type HeapItem } from "./heap.ts";

/** Share of the places that batch work may hold: the rest is there when interactive work comes. */
const BATCH_MOST = 3 / 4;

/** Share of the places that batch work comes first for, as long as it holds less. */
const BATCH_LEAST = 1 / 16;

/** Of so many places, those that batch work may hold. */
export function batchPlaces(places: number): number {
  return Math.max(1, Math.floor(BATCH_MOST * places));
}

/** Of so many places, those that batch work gets before interactive work. */
export function batchPlacesFirst(places: number): number {
  return places > 1 ? Math.ceil(BATCH_LEAST * places) : 0;
}

/** Whom a row belongs to. */
export interface Claim {
  readonly priority: Priority;
  readonly tenant: string;
}

/** A tenant of one class. Those who hold the fewest places for their weight come first. */
class Holder<Row> implements HeapItem {
  weight: number;
  readonly waiting: Fifo<Row>;
  held = 0;
  key = 0;
  place = -1;
  order = 0;

  constructor(weight: number, waiting: Iterable<Row> = []) {
    this.weight = weight;
    this.waiting = new Fifo(waiting);
  }
}

interface Holders<Row> {
  readonly byTenant: Map<string, Holder<Row>>;
  /** Those with rows that wait. */
  readonly heap: Heap<Holder<Row>>;
  held: number;
}

/**
 * Rows that wait for registers, and who holds how many. A place is held from a row's first step to its end, so places are
 * shared out by how many each holds, where the scheduler shares out time. The order: the higher class, the tenant
 * that holds the fewest for its weight, of these the one that has waited longest, first come. Batch work may hold at most three quarters of the places, and comes
 * first as long as it holds less than a sixteenth.
 *
 * Pure; O(log tenants) per call.
 */
export class WaitingRows<Row> {
  readonly #classes: Readonly<Record<Priority, Holders<Row>>> = {
    interactive: { byTenant: new Map(), heap: new Heap(), held: 0 },
    batch: { byTenant: new Map(), heap: new Heap(), held: 0 },
  };
  readonly #claimOf: (row: Row) => Claim;
  readonly #weightOf: (tenant: string) => number;
  readonly #places: number;
  #orders = 0;
  #size = 0;

  constructor(
    places: number,
    claimOf: (row: Row) => Claim,
    weightOf: (tenant: string) => number = () => 1,
  ) {
    this.#places = places;
    this.#claimOf = claimOf;
    this.#weightOf = weightOf;
  }

  /** Another one with the same rows in the same places, to try out what would come of them. O(rows). */
  copy(): WaitingRows<Row> {
    const copy = new WaitingRows(this.#places, this.#claimOf, this.#weightOf);
    for (const priority of PRIORITIES) {
      const from = this.#classes[priority];
      const to = copy.#classes[priority];
      to.held = from.held;
      for (const [tenant, holder] of from.byTenant) {
        const same = new Holder<Row>(holder.weight, holder.waiting);
        same.held = holder.held;
        same.key = holder.key;
        same.order = holder.order;
        to.byTenant.set(tenant, same);
        if (same.waiting.size > 0) to.heap.add(same);
      }
    }
    copy.#orders = this.#orders;
    copy.#size = this.#size;
    return copy;
  }

  /** Rows that wait. */
  get size(): number {
    return this.#size;
  }

  /** A row has come. */
  add(row: Row): void {
    const { priority, tenant } = this.#claimOf(row);
    const { byTenant, heap } = this.#classes[priority];
    let holder = byTenant.get(tenant);
    const weight = this.#weightOf(tenant);
    if (holder === undefined) {
      holder = new Holder(weight);
      byTenant.set(tenant, holder);
    } else if (holder.weight !== weight) {
      holder.weight = weight;
      holder.key = holder.held / weight;
      if (holder.place >= 0) heap.update(holder);
    }
    holder.waiting.add(row);
    this.#size++;
    if (holder.place < 0) {
      holder.order = this.#orders++;
      heap.add(holder);
    }
  }

  /** A row that waits has gone. @returns whether it was waiting */
  remove(row: Row): boolean {
    const { priority, tenant } = this.#claimOf(row);
    const holders = this.#classes[priority];
    const holder = holders.byTenant.get(tenant);
    if (!holder?.waiting.delete(row)) return false;
    this.#size--;
    if (holder.waiting.size === 0) holders.heap.remove(holder);
    this.#forget(holders, tenant, holder);
    return true;
  }

  /** The row that is next to get a place; undefined where none waits or may have one. */
  get first(): Row | undefined {
    const { interactive, batch } = this.#classes;
    if (interactive.held + batch.held >= this.#places) return undefined;
    const most = batchPlaces(this.#places);
    const ofBatch = batch.held < most ? batch.heap.first : undefined;
    const batchFirst = ofBatch !== undefined && batch.held < batchPlacesFirst(this.#places);
    const holder = batchFirst ? ofBatch : (interactive.heap.first ?? ofBatch);
    return holder?.waiting.first;
  }

  /** A row that waits has got its place. @throws RangeError where it does not wait */
  hold(row: Row): void {
    const { priority, tenant } = this.#claimOf(row);
    const holders = this.#classes[priority];
    const holder = holders.byTenant.get(tenant);
    if (!holder?.waiting.delete(row)) throw new RangeError("the row is not waiting");
    this.#size--;
    // Behind those who hold as few: where there are more tenants than places, they take turns.
    holder.order = this.#orders++;
    this.#change(holders, holder, 1);
  }

  /** A row that held a place has given it back. */
  release(row: Row): void {
    const { priority, tenant } = this.#claimOf(row);
    const holders = this.#classes[priority];
    const holder = holders.byTenant.get(tenant);
    if (holder === undefined || holder.held === 0) throw new RangeError("the row holds no place");
    this.#change(holders, holder, -1);
    this.#forget(holders, tenant, holder);
  }

  #change(holders: Holders<Row>, holder: Holder<Row>, by: 1 | -1): void {
    holder.held += by;
    holders.held += by;
    holder.key = holder.held / holder.weight;
    if (holder.waiting.size === 0) holders.heap.remove(holder);
    else holders.heap.update(holder);
  }

  #forget({ byTenant }: Holders<Row>, tenant: string, holder: Holder<Row>): void {
    if (holder.held === 0 && holder.waiting.size === 0) byTenant.delete(tenant);
  }
}
