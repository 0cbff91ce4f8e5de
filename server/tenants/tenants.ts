import type { TenantLimits } from "../engine/bounds.ts";
import type { Priority } from "../engine/device-schedule.ts";

/** What a tenant may have. */
export interface TenantPolicy extends TenantLimits {
  /** Its share of the device over that of others; finite, > 0. */
  readonly weight: number;
  /** The highest priority class of its jobs, and that of jobs that name none. */
  readonly highestPriority: Priority;
}

/** What a tenant has that nothing is said of. */
export const OPEN_POLICY: TenantPolicy = {
  weight: 1,
  highestPriority: "interactive",
  maxRows: Number.POSITIVE_INFINITY,
  maxRegisterBytes: Number.POSITIVE_INFINITY,
  maxBacklogMs: Number.POSITIVE_INFINITY,
};

/** The tenants of a server by name; any other name is a tenant too. */
export class Tenants {
  #others: TenantPolicy;
  #named: ReadonlyMap<string, TenantPolicy>;

  /** @param others what those have that are not named */
  constructor(
    others: TenantPolicy = OPEN_POLICY,
    named: ReadonlyMap<string, TenantPolicy> = new Map(),
  ) {
    this.#others = others;
    this.#named = named;
  }

  of(tenant: string): TenantPolicy {
    return this.#named.get(tenant) ?? this.#others;
  }

  /** From now on they have what these have. */
  become(tenants: Tenants): void {
    this.#others = tenants.#others;
    this.#named = tenants.#named;
  }
}
