/**
 * What a tenant has had of one device in one priority class. Its virtual time is the device time that it was charged
 * over its weight: who has the least is owed the most and comes next.
 */
export class TenantAccount {
  readonly tenant: string;
  #weight = 1;
  /** In ms over weight. Never falls. */
  virtualMs: number;
  /** Rows that are ready or away; 0: idle. */
  rows = 0;

  constructor(tenant: string, weight: number, virtualMs: number) {
    this.tenant = tenant;
    this.weight = weight;
    this.virtualMs = virtualMs;
  }

  get weight(): number {
    return this.#weight;
  }

  /** @throws RangeError where it is no finite number > 0 */
  set weight(weight: number) {
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new RangeError(
        `a weight must be a finite number > 0; seen ${weight} of ${this.tenant}`,
      );
    }
    this.#weight = weight;
  }
}

/** Idle accounts are looked through for those that can be forgotten once there are so many more than last time. */
const SWEEP_AFTER = 1024;

/**
 * The accounts of one device and class: start-time fair queueing (Goyal, Vin and Cheng 1996) with a batch's predicted
 * time shared by its places. It is deficit round robin without its quantum: a tenant's deficit is `nowMs` minus its
 * virtual time, and the largest deficit is served first instead of each in turn.
 *
 * A tenant that was idle comes back at `nowMs`: it is owed nothing for the time when it had no work.
 */
export class TenantAccounts {
  readonly #accounts = new Map<string, TenantAccount>();
  readonly #weightOf: (tenant: string) => number;
  #sweepAt = SWEEP_AFTER;
  /** The least virtual time of those that wait, as it was when somebody last did. Never falls. */
  nowMs = 0;

  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  /** Tenants that are remembered. */
  get size(): number {
    return this.#accounts.size;
  }

  /**
   * A row of the tenant has come.
   *
   * @param mostMs what the tenant may be owed at most, as device time in ms: what it was owed beyond that it had too few
   *   rows to take
   * @throws RangeError where its weight is no finite number > 0
   */
  enter(tenant: string, mostMs: number): TenantAccount {
    let account = this.#accounts.get(tenant);
    const weight = this.#weightOf(tenant);
    if (account === undefined) {
      account = new TenantAccount(tenant, weight, this.nowMs);
      this.#accounts.set(tenant, account);
    } else {
      if (account.weight !== weight) account.weight = weight;
      this.stay(account, account.rows === 0 ? 0 : mostMs);
    }
    account.rows++;
    return account;
  }

  /** A row of the tenant is ready once more. @param mostMs as of `enter` */
  stay(account: TenantAccount, mostMs: number): void {
    const { virtualMs, weight } = account;
    account.virtualMs = Math.max(virtualMs, this.nowMs - mostMs / weight);
  }

  /** A row of the tenant has gone. */
  leave(account: TenantAccount): void {
    account.rows--;
    if (this.#accounts.size < this.#sweepAt) return;
    for (const [tenant, { rows, virtualMs }] of this.#accounts) {
      if (rows === 0 && virtualMs <= this.nowMs) this.#accounts.delete(tenant);
    }
    this.#sweepAt = 2 * this.#accounts.size + SWEEP_AFTER;
  }

  /**
   * @param mostMs what the tenant may be ahead of `nowMs` after it, as device time in ms: what it gets beyond that was
   *   nobody's loss, and is not held against it for ever
   */
  charge(account: TenantAccount, ms: number, mostMs: number): void {
    const { weight, virtualMs } = account;
    const ceilingMs = Math.max(virtualMs, this.nowMs + mostMs / weight);
    account.virtualMs = Math.min(virtualMs + ms / weight, ceilingMs);
  }
}
