import type { ReadyRow, ReadyRows } from "./ready-rows.ts";
import type { TenantAccounts } from "./tenant-account.ts";

/** What a batch costs: predicted time of one step by the places that are taken. */
export interface StepCost {
  /** Places of the largest batch. */
  readonly limit: number;
  /** Predicted time of a step, in ms; does not fall with the places. */
  stepMs(places: number): number;
}

/** How far ahead of the others on its device a tenant may ride in a batch that another one's turn opened, in batches. */
const RIDE_BATCHES = 2;

/** Further ahead it rides only in a place that costs less than this share of the batch's mean place. */
const CHEAP_PLACE = 1 / 4;

/** Device time that a tenant can be ahead of its class, in batches. */
export const AHEAD_BATCHES = 4;

/** Whom a row that would fill a place would keep waiting. */
export interface Others {
  /** Least virtual time of the class in the device's other lanes, in ms over weight; Infinity where nobody waits. */
  readonly virtualMs: number;
  /** A higher class waits in another lane. */
  readonly higher: boolean;
}

/** A batch while it is being filled: takes rows out of their queues and charges their tenants. */
export class FormingBatch<Row> {
  readonly rows: ReadyRow<Row>[] = [];
  places = 0;
  readonly #cost: StepCost;
  readonly #longestMs: number;
  readonly #placeMs: number;
  readonly #accounts: TenantAccounts[] = [];

  /** @param longestMs the longest step of any lane on the device */
  constructor(cost: StepCost, longestMs: number) {
    this.#cost = cost;
    this.#longestMs = longestMs;
    this.#placeMs = cost.stepMs(cost.limit) / cost.limit;
  }

  /** Takes a row, whether it fits or not. */
  take(row: ReadyRow<Row>, from: ReadyRows<Row>, accounts: TenantAccounts): void {
    this.#charge(row, accounts, this.#placeMs);
    from.remove(row);
    this.rows.push(row);
    this.#accounts.push(accounts);
    this.places += row.places;
  }

  /** Fills up to `limit` places with the rows that are due by `untilMs`, the earliest deadline first. */
  fillByDeadline(
    from: ReadyRows<Row>,
    accounts: TenantAccounts,
    untilMs: number,
    limit: number,
  ): void {
    for (;;) {
      const row = from.earliest;
      if (row === undefined || row.key > untilMs || this.places + row.places > limit) return;
      this.take(row, from, accounts);
    }
  }

  /** Fills up to `limit` places in fair order, as long as nobody in another lane loses more by it than is fair. */
  fillFairly(from: ReadyRows<Row>, accounts: TenantAccounts, others: Others, limit: number): void {
    for (;;) {
      const row = from.fairest;
      if (row === undefined || this.places + row.places > limit) return;
      const { virtualMs, weight } = row.account;
      const aheadMs = (RIDE_BATCHES * this.#longestMs) / weight;
      const fair = !others.higher && virtualMs <= others.virtualMs + aheadMs;
      if (!fair && !this.#cheap(row.places)) return;
      this.take(row, from, accounts);
    }
  }

  /** Charges what a place costs more in a batch that has not become full. @returns predicted time of a place, in ms */
  close(): number {
    const { limit } = this.#cost;
    const placeMs = this.#cost.stepMs(this.places) / this.places;
    if (this.places === limit || placeMs <= this.#placeMs) return placeMs;
    for (const [i, row] of this.rows.entries()) {
      const accounts = this.#accounts[i];
      if (accounts !== undefined) this.#charge(row, accounts, placeMs - this.#placeMs);
    }
    return placeMs;
  }

  #charge({ account, places }: ReadyRow<Row>, accounts: TenantAccounts, placeMs: number): void {
    accounts.charge(account, places * placeMs, AHEAD_BATCHES * this.#longestMs);
  }

  #cheap(places: number): boolean {
    const nowMs = this.#cost.stepMs(this.places);
    const moreMs = this.#cost.stepMs(this.places + places) - nowMs;
    return moreMs <= (CHEAP_PLACE * places * nowMs) / this.places;
  }
}
