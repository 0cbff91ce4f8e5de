import type { Taken } from "./taken.ts";

const MIB = 1024 * 1024;

/** What a tenant's jobs may take at once. */
export interface TenantLimits {
  readonly maxRows: number;
  readonly maxRegisterBytes: number;
  /** Device time that its rows of a priority class and of higher ones still need, by prediction, in ms. */
  readonly maxBacklogMs: number;
}

/** What the server takes on at once. */
export interface Limits {
  /** Rows of all jobs together, running and waiting. */
  readonly maxRows: number;
  /** Rows that have registers. */
  readonly maxActiveRows: number;
  /** Registers that all rows need, running and waiting; default no bound. */
  readonly maxRegisterBytes?: number;
  /** Device time that all rows of a priority class and of higher ones still need, by prediction; default no bound. */
  readonly maxBacklogMs?: number;
  /** Results that jobs have or may have, those that have ended included; default no bound. */
  readonly maxResultBytes?: number;
  /** Default no bounds. */
  readonly ofTenant?: (tenant: string) => TenantLimits;
}

/** What a job finds taken. */
export interface TakenBefore {
  /** By all jobs. */
  readonly all: Taken;
  /** By those of its tenant. */
  readonly tenant: Taken;
  /** By those of its priority class and of higher ones. */
  readonly ahead: Taken;
  /** By those of its tenant that are of its priority class and of higher ones. */
  readonly tenantAhead: Taken;
}

/** Something that can be bounded. */
interface Measure {
  /** In words, after a number. */
  readonly what: string;
  of(taken: Taken): number;
  shown(amount: number): string;
  /** A job that is larger than the bound is taken on where there is no other. */
  readonly mayExceed: boolean;
}

const rounded = (amount: number): string => String(Number(amount.toPrecision(4)));

const ROWS: Measure = { what: "rows", of: ({ rows }) => rows, shown: String, mayExceed: false };

const REGISTERS: Measure = {
  what: "MiB of registers",
  of: ({ registerBytes }) => registerBytes,
  shown: (bytes) => rounded(bytes / MIB),
  mayExceed: false,
};

const WORK: Measure = {
  what: "s of predicted work",
  of: ({ workMs }) => workMs,
  shown: (ms) => rounded(ms / 1000),
  mayExceed: true,
};

/** One bound, and what counts against it. */
export interface Bound {
  readonly measure: Measure;
  readonly taken: Taken;
  readonly most: number;
  /** The setting that sets it, for all tenants where it is a tenant's. */
  readonly setting: string;
  /** Whose it is, where it is not the server's. */
  readonly tenant?: string;
}

/** Every bound that a job of the tenant must keep to. */
export function boundsOf(
  tenant: string,
  { all, tenant: own, ahead, tenantAhead }: TakenBefore,
  { maxRows, ofTenant, ...limits }: Limits,
): readonly Bound[] {
  const { maxRegisterBytes = Number.POSITIVE_INFINITY } = limits;
  const { maxBacklogMs = Number.POSITIVE_INFINITY } = limits;
  const bounds: Bound[] = [
    { measure: ROWS, taken: all, most: maxRows, setting: "--max-rows" },
    { measure: REGISTERS, taken: all, most: maxRegisterBytes, setting: "--max-register-mib" },
    { measure: WORK, taken: ahead, most: maxBacklogMs, setting: "--max-backlog-s" },
  ];
  if (ofTenant === undefined) return bounds;
  const most = ofTenant(tenant);
  const of = { taken: own, tenant };
  const work = { measure: WORK, taken: tenantAhead, tenant };
  return [
    ...bounds,
    { ...of, measure: ROWS, most: most.maxRows, setting: "--tenant-max-rows" },
    { ...of, measure: REGISTERS, most: most.maxRegisterBytes, setting: "--tenant-register-mib" },
    { ...work, most: most.maxBacklogMs, setting: "--tenant-backlog-s" },
  ];
}

/** What is bounded, and where that is set, in words: after a number, and at the end of a sentence. */
export function wordsOf({ measure, tenant, setting }: Bound): readonly [what: string, set: string] {
  if (tenant === undefined) return [measure.what, setting];
  return [`${measure.what} of tenant ${JSON.stringify(tenant)}`, `${setting} or --tenants`];
}
