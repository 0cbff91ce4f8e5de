import type { Limits } from "../engine/bounds.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Config } from "./config.ts";

const MIB = 1024 * 1024;

/** What the settings allow the engine to take on. */
export function limitsOf(
  { maxRows, maxActiveRows, maxRegisterMib, maxResultMib, maxBacklogS }: Config,
  tenants: Tenants,
): Limits {
  return {
    maxRows,
    maxActiveRows,
    maxRegisterBytes: MIB * maxRegisterMib,
    maxResultBytes: MIB * maxResultMib,
    maxBacklogMs: maxBacklogS === 0 ? Number.POSITIVE_INFINITY : 1000 * maxBacklogS,
    ofTenant: (tenant) => tenants.of(tenant),
  };
}
