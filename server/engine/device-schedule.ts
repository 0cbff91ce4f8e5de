import { DeadlineDemand, type Demand } from "./deadline-demand.ts";
import { AHEAD_BATCHES, FormingBatch, type Others, type StepCost } from "./forming-batch.ts";
import { Guarantee } from "./guarantee.ts";
import { ReadyRow, ReadyRows } from "./ready-rows.ts";
import { TenantAccounts } from "./tenant-account.ts";

/** Priority classes, the higher first. */
export const PRIORITIES = ["interactive", "batch"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Share of a device that batch work gets however much interactive work there is. */
export const BATCH_SHARE: number = 1 / 16;

/** Share of a class's time that fair order gets however many deadlines are at risk. */
export const FAIR_SHARE: number = 1 / 8;

/** A deadline is at risk where no more than so many of the longest batches could still come in between. */
const RISK_BATCHES = 4;

/** Batches that a device holds: one that runs and one that waits behind it. A row is in one of them. */
export const BATCHES_AHEAD = 2;

/**
 * A row's work counts so many times where its deadline is weighed: others have their share, steps vary, and rows that all
 * waited to the last would want more places at once than there are. With 4/3 simulated devices missed one admitted deadline
 * in 55, with 2 none.
 */
const RISK_FACTOR = 2;

/** Rows of one lane that may share a batch; those that must run alone have a queue of their own. */
export interface LaneQueue<Row> {
  readonly lane: Lane;
  /** Each row is a batch. */
  readonly alone: boolean;
  readonly ready: Readonly<Record<Priority, ReadyRows<Row>>>;
}

export interface Lane extends StepCost {
  readonly name: string;
  limit: number;
  /** Batches that were chosen and are not back. */
  away: number;
}

interface PriorityClass {
  readonly accounts: TenantAccounts;
  readonly demand: DeadlineDemand;
  /** What fair order is owed by deadlines at risk. */
  readonly fair: Guarantee;
}

export function laneQueue<Row>(lane: Lane, alone: boolean): LaneQueue<Row> {
  return { lane, alone, ready: { interactive: new ReadyRows(), batch: new ReadyRows() } };
}

/** The lanes of one device and who is next there. A decision costs O(log n) in rows and tenants, plus the lanes. */
export class DeviceSchedule<Row> {
  readonly #queues: LaneQueue<Row>[] = [];
  readonly #classes: Readonly<Record<Priority, PriorityClass>>;
  readonly #batchWork = new Guarantee(BATCH_SHARE);
  /** The longest step of any lane, in ms. */
  #longestMs = 0;

  constructor(weightOf: (tenant: string) => number) {
    const open = (): PriorityClass => ({
      accounts: new TenantAccounts(weightOf),
      demand: new DeadlineDemand(),
      fair: new Guarantee(FAIR_SHARE),
    });
    this.#classes = { interactive: open(), batch: open() };
  }

  open(queue: LaneQueue<Row>): void {
    this.#queues.push(queue);
  }

  /** @param queue one without rows */
  close(queue: LaneQueue<Row>): void {
    const index = this.#queues.indexOf(queue);
    if (index >= 0) this.#queues.splice(index, 1);
  }

  /** A row is ready: for the first time, or again where it is still away. @param before what it was then */
  enter(
    row: Row,
    priority: Priority,
    tenant: string,
    before: ReadyRow<Row> | undefined,
  ): ReadyRow<Row> {
    const { accounts } = this.#classes[priority];
    const mostMs = AHEAD_BATCHES * this.#longestMs;
    if (before?.priority === priority && before.account.tenant === tenant) {
      accounts.stay(before.account, mostMs);
      return before;
    }
    const account = accounts.enter(tenant, mostMs);
    if (before !== undefined) this.leave(before);
    return new ReadyRow(row, priority, account);
  }

  /** What a row claims of the device until its deadline. */
  claim(lane: Lane, ready: ReadyRow<Row>, evaluations: number): void {
    const { demand } = this.#classes[ready.priority];
    const { key: deadlineMs, places } = ready;
    if (deadlineMs === Number.POSITIVE_INFINITY) {
      this.#withdraw(ready);
      return;
    }
    const stepMs = RISK_FACTOR * evaluations * lane.stepMs(lane.limit);
    const claimed: Demand = {
      deadlineMs,
      workMs: (stepMs * places) / lane.limit,
      latestStartMs: deadlineMs - BATCHES_AHEAD * stepMs,
    };
    if (ready.demand === undefined) ready.demand = demand.add(claimed);
    else demand.change(ready.demand, claimed);
  }

  /** A row has gone. */
  leave(ready: ReadyRow<Row>): void {
    this.#classes[ready.priority].accounts.leave(ready.account);
    ready.away = undefined;
    this.#withdraw(ready);
  }

  #withdraw(ready: ReadyRow<Row>): void {
    if (ready.demand !== undefined) this.#classes[ready.priority].demand.remove(ready.demand);
    ready.demand = undefined;
  }

  /** The rows that run next and their queue; see Scheduler.next. */
  next(
    nowMs: number,
    { full = false, termsOf }: Asked = {},
  ): { queue: LaneQueue<Row>; rows: ReadyRow<Row>[] } | undefined {
    const terms = ({ lane }: LaneQueue<Row>): LaneTerms | undefined =>
      termsOf === undefined ? { limit: lane.limit, full, alone: true } : termsOf(lane.name);
    const open = this.#queues.filter((queue) => isOpen(queue, terms(queue)));
    if (open.length === 0) return undefined;
    const longestMs = Math.max(...this.#queues.map(({ lane }) => lane.stepMs(lane.limit)));
    this.#longestMs = longestMs;
    const waits = (priority: Priority) => open.some(({ ready }) => ready[priority].size > 0);
    const interactive = waits("interactive") && !(waits("batch") && this.#batchWork.due);
    const priority = interactive ? "interactive" : "batch";
    const untilMs = {
      interactive: this.#criticalMs("interactive", nowMs, longestMs),
      batch: this.#criticalMs("batch", nowMs, longestMs),
    };
    for (const each of PRIORITIES) this.#tell(each);
    const lead = this.#lead(open, priority, untilMs[priority]);
    if (lead === undefined) return undefined;
    const limit = terms(lead.queue)?.limit ?? lead.queue.lane.limit;
    const rows = this.#fill(lead, limit, priority, untilMs, longestMs);
    for (const each of PRIORITIES) this.#tell(each);
    return { queue: lead.queue, rows };
  }

  /** Every row of the class that is due by then is to run now; undefined where no deadline is at risk. */
  #criticalMs(priority: Priority, nowMs: number, longestMs: number): number | undefined {
    return this.#classes[priority].demand.criticalMs(nowMs + RISK_BATCHES * longestMs);
  }

  /** Virtual time follows the least that waits. */
  #tell(priority: Priority): void {
    const { accounts } = this.#classes[priority];
    const leastMs = this.#leastMs(priority, undefined);
    if (leastMs < Number.POSITIVE_INFINITY) accounts.nowMs = Math.max(accounts.nowMs, leastMs);
  }

  /** Least virtual time of a class in all queues but one; Infinity where nobody waits. */
  #leastMs(priority: Priority, except: LaneQueue<Row> | undefined): number {
    let leastMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      if (queue === except) continue;
      const row = queue.ready[priority].fairest;
      if (row !== undefined) leastMs = Math.min(leastMs, row.account.virtualMs);
    }
    return leastMs;
  }

  /** By deadlines at risk first, unless fair order is owed. */
  #byDeadline(priority: Priority): boolean {
    const { fair } = this.#classes[priority];
    return !(fair.due && this.#queues.some(({ ready }) => ready[priority].plain > 0));
  }

  /** Where the next batch is opened, and by which row. */
  #lead(
    open: readonly LaneQueue<Row>[],
    priority: Priority,
    untilMs: number | undefined,
  ): { queue: LaneQueue<Row>; row: ReadyRow<Row>; urgent: boolean } | undefined {
    let lead: { queue: LaneQueue<Row>; row: ReadyRow<Row>; urgent: boolean } | undefined;
    if (untilMs !== undefined && this.#byDeadline(priority)) {
      for (const queue of open) {
        const row = queue.ready[priority].earliest;
        if (row === undefined || row.key > untilMs) continue;
        if (lead === undefined || row.key < lead.row.key) lead = { queue, row, urgent: true };
      }
    }
    if (lead !== undefined) return lead;
    for (const queue of open) {
      const row = queue.ready[priority].fairest;
      if (row === undefined) continue;
      const least = lead?.row.account.virtualMs ?? Number.POSITIVE_INFINITY;
      const { virtualMs } = row.account;
      const older = virtualMs === least && row.order < (lead?.row.order ?? 0);
      if (lead === undefined || virtualMs < least || older) lead = { queue, row, urgent: false };
    }
    return lead;
  }

  #fill(
    { queue, row, urgent }: { queue: LaneQueue<Row>; row: ReadyRow<Row>; urgent: boolean },
    limit: number,
    priority: Priority,
    untilMs: Readonly<Record<Priority, number | undefined>>,
    longestMs: number,
  ): ReadyRow<Row>[] {
    const { lane, ready } = queue;
    const waiting = this.#waitingNow();
    const batch = new FormingBatch<Row>({ limit, stepMs: lane.stepMs }, longestMs);
    const got: Got = { interactive: { urgent: 0, fair: 0 }, batch: { urgent: 0, fair: 0 } };
    const { accounts } = this.#classes[priority];
    batch.take(row, ready[priority], accounts, urgent ? "deadline" : "turn");
    got[priority][urgent ? "urgent" : "fair"] += row.places;
    const fill = (each: Priority, most: number): void =>
      this.#fillClass(
        batch,
        { queue, lead: row, turnOf: priority },
        each,
        untilMs[each],
        most,
        got,
      );
    if (!queue.alone) {
      if (priority === "batch" && ready.interactive.size > 0) {
        fill("batch", this.#batchWork.placesOf(limit));
      }
      fill("interactive", limit);
      fill("batch", limit);
    }
    const placeMs = batch.close();
    const left = this.#waitingNow();
    for (const each of PRIORITIES) {
      const { urgent: byDeadline, fair } = got[each];
      this.#classes[each].fair.settle(
        byDeadline * placeMs,
        fair * placeMs,
        { waiting: waiting[each].plain, left: left[each].plain },
        longestMs,
      );
    }
    const ms = (each: Priority) => (got[each].urgent + got[each].fair) * placeMs;
    const anyBatch = { waiting: waiting.batch.any, left: left.batch.any };
    this.#batchWork.settle(ms("interactive"), ms("batch"), anyBatch, longestMs);
    return batch.rows;
  }

  /** Fills a batch with one class: what fair order is owed, deadlines at risk, fair order. */
  #fillClass(
    batch: FormingBatch<Row>,
    { queue, lead, turnOf }: { queue: LaneQueue<Row>; lead: ReadyRow<Row>; turnOf: Priority },
    priority: Priority,
    untilMs: number | undefined,
    limit: number,
    got: Got,
  ): void {
    const ready = queue.ready[priority];
    if (ready.size === 0) return;
    const { accounts, fair } = this.#classes[priority];
    const elsewhere = this.#queues.filter((one) => one !== queue);
    const inClass = elsewhere.filter((one) => one.ready[priority].size > 0);
    const others: Others = {
      virtualMs: this.#leastMs(priority, queue),
      higher:
        priority !== turnOf &&
        priority === "batch" &&
        elsewhere.some((one) => one.ready.interactive.size > 0),
      older: (account) => inClass.some((one) => one.ready[priority].oldestOf(account) < lead.order),
    };
    const count = (kind: "urgent" | "fair", act: () => void): void => {
      // Who rides is no part of what is owed: it would be paid to others than those who wait for their turn.
      const before = batch.payingPlaces;
      act();
      got[priority][kind] += batch.payingPlaces - before;
    };
    if (untilMs !== undefined) {
      if (!this.#byDeadline(priority)) {
        const reserved = Math.min(limit, batch.places + fair.placesOf(limit));
        count("fair", () => batch.fillFairly(ready, accounts, others, reserved, false));
      }
      count("urgent", () => batch.fillByDeadline(ready, accounts, untilMs, limit));
    }
    count("fair", () => batch.fillFairly(ready, accounts, others, limit, true));
  }

  /** Who waits on the device, in any lane. */
  #waitingNow(): Readonly<Record<Priority, { readonly any: boolean; readonly plain: boolean }>> {
    const of = (priority: Priority) => ({
      any: this.#queues.some(({ ready }) => ready[priority].size > 0),
      plain: this.#queues.some(({ ready }) => ready[priority].plain > 0),
    });
    return { interactive: of("interactive"), batch: of("batch") };
  }
}

/** Places that each class got in a batch, by why. */
type Got = Record<Priority, { urgent: number; fair: number }>;

/** How a lane's rows may be chosen. */
export interface LaneTerms {
  /** Places of a batch. */
  readonly limit: number;
  /** Only a batch that would not become fuller by waiting. */
  readonly full: boolean;
  /** Rows that run alone, too. */
  readonly alone: boolean;
}

/** What is asked of a choice; see NextOptions. */
interface Asked {
  readonly full?: boolean;
  readonly termsOf?: (lane: string) => LaneTerms | undefined;
}

/**
 * Whether a batch of the queue may be chosen. Behind a batch that runs (`full`) only where waiting would not make it
 * fuller: it is full, or none of the lane's rows is away.
 */
function isOpen<Row>(
  { lane, alone, ready }: LaneQueue<Row>,
  terms: LaneTerms | undefined,
): boolean {
  const places = ready.interactive.places + ready.batch.places;
  if (places === 0 || terms === undefined) return false;
  if (alone) return terms.alone;
  return !terms.full || lane.away === 0 || places >= terms.limit;
}
