import type { JobRows } from "./backlog.ts";
import type { TakenBefore } from "./bounds.ts";
import { PRIORITIES } from "./device-schedule.ts";
import type { Lane } from "./lane.ts";
import type { Claim } from "./waiting-rows.ts";

/** What jobs take up that have not ended, running and waiting together. */
export interface Taken {
  readonly rows: number;
  /** Bytes of the registers that the rows have or wait for. */
  readonly registerBytes: number;
  /** Device time that they still need, by prediction, in full batches. */
  readonly workMs: number;
}

const NOTHING: Taken = { rows: 0, registerBytes: 0, workMs: 0 };

/** What is taken by the rows that `counts` picks. Pure. */
export function takenBy(
  backlog: Iterable<JobRows>,
  lanes: ReadonlyMap<string, Lane>,
  counts: (rows: JobRows) => boolean = () => true,
): Taken {
  let taken = NOTHING;
  for (const group of backlog) {
    if (!counts(group)) continue;
    taken = {
      rows: taken.rows + group.rows,
      registerBytes: taken.registerBytes + group.rows * group.registerBytes,
      workMs: taken.workMs + workOf(group, lanes),
    };
  }
  return taken;
}

/** What a job of the tenant and the priority finds taken. Pure. */
export function takenBefore(
  { tenant, priority }: Claim,
  backlog: readonly JobRows[],
  lanes: ReadonlyMap<string, Lane>,
): TakenBefore {
  const rank = PRIORITIES.indexOf(priority);
  return {
    all: takenBy(backlog, lanes),
    tenant: takenBy(backlog, lanes, (rows) => rows.tenant === tenant),
    ahead: takenBy(backlog, lanes, (rows) => PRIORITIES.indexOf(rows.priority) <= rank),
  };
}

function workOf(group: JobRows, lanes: ReadonlyMap<string, Lane>): number {
  const cost = lanes.get(group.lane)?.cost;
  if (cost === undefined) return 0;
  const { rows, evaluations, places, alone } = group;
  const rowMs = alone ? cost.stepMs(places) : (places * cost.stepMs(cost.limit)) / cost.limit;
  return rows * evaluations * rowMs;
}
