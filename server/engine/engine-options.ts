import type { ServerError } from "../errors.ts";
import type { RowScheduler } from "./batches.ts";
import type { Limits } from "./bounds.ts";
import type { Fleet } from "./fleet.ts";
import type { LaneOnDevice } from "./lane.ts";
import type { EngineObserver } from "./observer.ts";
import type { Slab } from "./slab.ts";
import type { EngineWorkers } from "./workers.ts";

/** What an engine is made of, and who is told what. */
export interface EngineOptions {
  readonly slab: Slab;
  readonly fleet: Fleet;
  /** A device can't run a graph that another one runs. */
  readonly onMissing?: (device: EngineWorkers, lane: string, error: ServerError) => void;
  /** How a device is to run a graph. */
  readonly onMeasured?: (device: EngineWorkers, lane: string, how: LaneOnDevice) => void;
  readonly limits: Limits;
  /** Jobs that have ended are remembered so long, in ms. */
  readonly retentionMs: number;
  /** The largest batch, whatever the profile says. */
  readonly maxBatchRows: number;
  /** A batch's evaluation is to take no longer than this, in ms. */
  readonly maxStepMs: number;
  /** A tenant's share of the device over that of others; default 1 for all. */
  readonly weightOf?: (tenant: string) => number;
  /** Another way to decide which rows run next: for what the server is measured against. */
  readonly scheduler?: RowScheduler;
  /** A job that waits is told at most this often where it stands; default 1 s. */
  readonly queueIntervalMs?: number | undefined;
  readonly observer?: EngineObserver;
  readonly now?: () => number;
}
