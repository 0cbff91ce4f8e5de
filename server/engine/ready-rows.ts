import type { DemandNode } from "./deadline-demand.ts";
import type { Priority } from "./device-schedule.ts";
import { Heap, type HeapItem } from "./heap.ts";
import type { TenantAccount } from "./tenant-account.ts";

/**
 * A row that is ready for its next step, or away with a batch; then it keeps its place in its tenant's account and its claim on
 * the device until it is back. As a heap's item it is ordered by its deadline.
 */
export class ReadyRow<Row> implements HeapItem {
  readonly row: Row;
  readonly priority: Priority;
  readonly account: TenantAccount;
  places = 1;
  /** The rows that it is, or was, one of; undefined before it is first ready. */
  from: ReadyRows<Row> | undefined;
  /** Place in the order in which rows of all lanes became ready. */
  order = 0;
  key: number = Number.POSITIVE_INFINITY;
  place = -1;
  /** Its claim on the device, where it has a deadline. */
  demand: DemandNode | undefined;
  /** The batch that it is away with. */
  away: readonly ReadyRow<Row>[] | undefined;
  /** Its neighbours in its tenant's queue. */
  previous: ReadyRow<Row> | undefined;
  next: ReadyRow<Row> | undefined;

  constructor(row: Row, priority: Priority, account: TenantAccount) {
    this.row = row;
    this.priority = priority;
    this.account = account;
  }
}

/** A tenant's rows in one lane and class, in the order in which they became ready: so they take turns. */
class TenantQueue<Row> implements HeapItem {
  readonly account: TenantAccount;
  /** The account's virtual time when it was last looked at. */
  key: number;
  place = -1;
  first: ReadyRow<Row> | undefined;
  last: ReadyRow<Row> | undefined;

  constructor(account: TenantAccount) {
    this.account = account;
    this.key = account.virtualMs;
  }

  get order(): number {
    return this.first?.order ?? 0;
  }

  append(row: ReadyRow<Row>): void {
    row.previous = this.last;
    if (this.last === undefined) this.first = row;
    else this.last.next = row;
    this.last = row;
  }

  unlink(row: ReadyRow<Row>): void {
    if (row.previous === undefined) this.first = row.next;
    else row.previous.next = row.next;
    if (row.next === undefined) this.last = row.previous;
    else row.next.previous = row.previous;
    row.previous = undefined;
    row.next = undefined;
  }
}

/** The ready rows of one lane and one priority class. Every operation costs O(log n). */
export class ReadyRows<Row> {
  readonly #tenants = new Map<TenantAccount, TenantQueue<Row>>();
  readonly #fair = new Heap<TenantQueue<Row>>();
  readonly #deadlines = new Heap<ReadyRow<Row>>();
  size = 0;
  /** Of all its rows together. */
  places = 0;

  /** Rows without a deadline. */
  get plain(): number {
    return this.size - this.#deadlines.size;
  }

  add(row: ReadyRow<Row>): void {
    this.size++;
    this.places += row.places;
    if (row.key < Number.POSITIVE_INFINITY) this.#deadlines.add(row);
    const queue = this.#tenants.get(row.account);
    if (queue !== undefined) {
      queue.append(row);
      return;
    }
    const opened = new TenantQueue<Row>(row.account);
    opened.append(row);
    this.#tenants.set(row.account, opened);
    this.#fair.add(opened);
  }

  /** @param row one that was added and has not been removed */
  remove(row: ReadyRow<Row>): void {
    const queue = this.#tenants.get(row.account);
    if (queue === undefined) throw new RangeError("the row is not in the queue");
    this.size--;
    this.places -= row.places;
    this.#deadlines.remove(row);
    queue.unlink(row);
    if (queue.first === undefined) {
      this.#fair.remove(queue);
      this.#tenants.delete(row.account);
    } else {
      queue.key = row.account.virtualMs;
      this.#fair.update(queue);
    }
  }

  /** When the tenant's first row became ready; Infinity where it has none. */
  oldestOf(account: TenantAccount): number {
    return this.#tenants.get(account)?.order ?? Number.POSITIVE_INFINITY;
  }

  /** The row whose deadline is first, of those that have one. */
  get earliest(): ReadyRow<Row> | undefined {
    return this.#deadlines.first;
  }

  /** The row that is next in fair order: the longest ready of the tenant with the least virtual time. */
  get fairest(): ReadyRow<Row> | undefined {
    // An account is shared by lanes, so its virtual time may have grown since; it never falls, so a key is never too large.
    for (;;) {
      const queue = this.#fair.first;
      if (queue === undefined) return undefined;
      if (queue.key === queue.account.virtualMs) return queue.first;
      queue.key = queue.account.virtualMs;
      this.#fair.update(queue);
    }
  }
}
