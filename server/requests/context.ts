import type { Repository } from "../models/repository.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Uploads } from "../uploads/stored-upload.ts";
import type { InputShare } from "./input-memory.ts";

/** Bounds that the operator sets. */
export interface RequestLimits {
  /** Samples, images or latents of one request. */
  readonly maxCount: number;
  /** Rows of all jobs together, and so of one. */
  readonly maxRows: number;
  /** Steps of one sampler. */
  readonly maxSteps: number;
}

/** What requests are checked against. */
export interface RequestContext {
  readonly repository: Repository;
  readonly limits: RequestLimits;
  readonly uploads: Uploads;
  readonly tenants: Tenants;
  /** Memory that what is read takes; default: as much as there is. */
  readonly memory?: InputShare;
}
