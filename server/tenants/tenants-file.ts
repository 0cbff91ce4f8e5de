import { z } from "zod";
import { PRIORITIES, type Priority } from "../engine/device-schedule.ts";
import { MAX_TENANT_LENGTH } from "./check-tenant.ts";

/** What the file says of a tenant; what it leaves out is as it is for those that it does not name. */
export interface TenantEntry {
  readonly weight?: number;
  readonly highestPriority?: Priority;
  readonly maxRows?: number;
  readonly maxRegisterMib?: number;
  readonly maxBacklogS?: number;
}

/** The file that `--tenants` names. */
export interface TenantsFile {
  readonly default: TenantEntry;
  readonly tenants: Readonly<Record<string, TenantEntry>>;
}

/** Weights further apart would have the least wait for ever by any measure. */
const [LEAST_WEIGHT, MOST_WEIGHT] = [0.001, 1000];

const entry: z.ZodType<TenantEntry> = z.strictObject({
  weight: z.number().min(LEAST_WEIGHT).max(MOST_WEIGHT).exactOptional(),
  highestPriority: z.enum(PRIORITIES).exactOptional(),
  maxRows: z.int().min(1).exactOptional(),
  maxRegisterMib: z.int().min(1).exactOptional(),
  maxBacklogS: z.number().min(0.001).exactOptional(),
});

const name = z
  .string()
  .max(MAX_TENANT_LENGTH, `expected a name of at most ${MAX_TENANT_LENGTH} characters`);

/** Rules would be left out without a word: zod makes no such key in a record. */
const UNUSABLE = "__proto__";

const tenants = z
  .unknown()
  .refine((seen) => typeof seen !== "object" || seen === null || !Object.hasOwn(seen, UNUSABLE), {
    error: `seen a tenant ${UNUSABLE}, expected another name; those that are not named are as "default" says`,
  })
  .pipe(z.record(name, entry));

/** Strict: a key that it does not know is refused. */
export const tenantsFileSchema: z.ZodType<TenantsFile> = z.strictObject({
  default: entry.default({}),
  tenants: tenants.default({}),
});
