import type { ReadyRow, ReadyRows } from "./ready-rows.ts";
import type { TenantAccount, TenantAccounts } from "./tenant-account.ts";

/** What a batch costs: predicted time of one step by the places that are taken. */
export interface StepCost {
  /** Places of the largest batch. */
  readonly limit: number;
  /** Predicted time of a step, in ms; does not fall with the places. */
  stepMs(places: number): number;
}

/** How far ahead of the others on its device a tenant may ride in a batch that another one's turn opened, in batches. */
export const RIDE_BATCHES = 2;

/** Further ahead it rides only in a place that costs less than this share of the batch's mean place. */
export const CHEAP_PLACE: number = 1 / 4;

/** What a tenant is owed at most, and what free places can put it ahead, in batches. */
export const AHEAD_BATCHES = 4;

/** Whom a row that would fill a place would keep waiting. */
export interface Others {
  /** Least virtual time of the class in the device's other lanes, in ms over weight; Infinity where nobody waits. */
  readonly virtualMs: number;
  /** A higher class waits in another lane. */
  readonly higher: boolean;
  /**
   * The tenant itself has a row in another lane that has waited longer than the one that opened the batch: to be charged
   * for this lane again and again would keep that one's turn from coming.
   */
  older(account: TenantAccount): boolean;
}

/** Why a row is in a batch. */
export type Reason =
  /**
   * A deadline is at risk. It was promised when the job was admitted, and is not paid for with the tenant's turns: its other
   * rows would have none left.
   */
  | "deadline"
  /** It is its turn. */
  | "turn"
  /** It is not its turn, but the place costs next to nothing. */
  | "ride";

interface Member<Row> {
  readonly row: ReadyRow<Row>;
  readonly accounts: TenantAccounts;
  readonly reason: Reason;
}

/** A batch while it is being filled: takes rows out of their queues and charges their tenants. */
export class FormingBatch<Row> {
  readonly #members: Member<Row>[] = [];
  readonly #cost: StepCost;
  readonly #longestMs: number;
  readonly #placeMs: number;
  places = 0;
  /** Of those that ride. */
  #ridingPlaces = 0;

  /** @param longestMs the longest step of any lane on the device */
  constructor(cost: StepCost, longestMs: number) {
    this.#cost = cost;
    this.#longestMs = longestMs;
    this.#placeMs = cost.stepMs(cost.limit) / cost.limit;
  }

  /** Of those that do not ride. */
  get payingPlaces(): number {
    return this.places - this.#ridingPlaces;
  }

  get rows(): ReadyRow<Row>[] {
    return this.#members.map(({ row }) => row);
  }

  /** Takes a row, whether it fits or not. */
  take(row: ReadyRow<Row>, from: ReadyRows<Row>, accounts: TenantAccounts, reason: Reason): void {
    const member = { row, accounts, reason };
    if (reason === "ride") this.#ridingPlaces += row.places;
    else this.#charge(member, this.#placeMs);
    from.remove(row);
    this.#members.push(member);
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
      this.take(row, from, accounts, "deadline");
    }
  }

  /** Fills up to `limit` places in fair order, as long as nobody in another lane loses more by it than is fair. */
  fillFairly(
    from: ReadyRows<Row>,
    accounts: TenantAccounts,
    others: Others,
    limit: number,
    mayRide: boolean,
  ): void {
    for (;;) {
      const row = from.fairest;
      if (row === undefined || this.places + row.places > limit) return;
      const { virtualMs, weight } = row.account;
      const aheadMs = (RIDE_BATCHES * this.#longestMs) / weight;
      const near = virtualMs <= others.virtualMs + aheadMs;
      const fair = near && !others.higher && !others.older(row.account);
      if (!fair && !(mayRide && this.#cheap(row.places))) return;
      this.take(row, from, accounts, fair ? "turn" : "ride");
    }
  }

  /**
   * Charges the rest of what the batch costs: those who ride pay what it takes longer because of them, the others their parts
   * of the rest.
   *
   * @returns predicted time of a place, in ms
   */
  close(): number {
    const paying = this.payingPlaces;
    const payingMs = this.#cost.stepMs(paying);
    const stepMs = this.#cost.stepMs(this.places);
    const restMs = Math.max(0, payingMs / paying - this.#placeMs);
    const rideMs = this.#ridingPlaces === 0 ? 0 : (stepMs - payingMs) / this.#ridingPlaces;
    for (const member of this.#members) {
      this.#charge(member, member.reason === "ride" ? rideMs : restMs);
    }
    return stepMs / this.places;
  }

  #charge({ row: { account, places }, accounts, reason }: Member<Row>, placeMs: number): void {
    if (reason === "deadline") return;
    const mostMs = reason === "turn" ? Number.POSITIVE_INFINITY : AHEAD_BATCHES * this.#longestMs;
    accounts.charge(account, places * placeMs, mostMs);
  }

  #cheap(places: number): boolean {
    const nowMs = this.#cost.stepMs(this.places);
    const moreMs = this.#cost.stepMs(this.places + places) - nowMs;
    return moreMs <= (CHEAP_PLACE * places * nowMs) / this.places;
  }
}
