import type { DeviceModel } from "./device-model.ts";
import type { JobSource } from "./workload.ts";

export interface Scenario {
  readonly devices: readonly DeviceModel[];
  readonly sources: readonly JobSource[];
  /** Jobs come until then, in ms. */
  readonly endMs: number;
  /** What runs then still ends; default true. Without, shares of a saturated device can be told. */
  readonly finish?: boolean;
  readonly weights?: Readonly<Record<string, number>>;
  /** Refuse a job whose deadline, or another one's by it, could not be met; default false. */
  readonly admission?: boolean;
  /** Rows with registers, a device; default no bound. */
  readonly maxActiveRows?: number;
  /** Each device is lost after so long on average, and is back after so long; both exponential. Default never. */
  readonly faults?: { readonly meanUpMs: number; readonly meanDownMs: number };
}
