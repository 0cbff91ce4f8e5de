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

type Lanes = ReadonlyMap<string, Lane>;

/** What rows take. Pure. */
export function takenBy(group: JobRows, lanes: Lanes): Taken {
  const { rows, registerBytes, evaluations } = group;
  return {
    rows,
    registerBytes: rows * registerBytes,
    workMs: rows * evaluations * evaluationMs(group, lanes),
  };
}

/** What a job of the tenant and the priority finds taken. Pure. */
export function takenBefore(
  { tenant, priority }: Claim,
  backlog: readonly JobRows[],
  lanes: Lanes,
): TakenBefore {
  const [all, own, ahead, tenantAhead] = [new Sum(), new Sum(), new Sum(), new Sum()];
  const rank = PRIORITIES.indexOf(priority);
  for (const group of backlog) {
    const taken = takenBy(group, lanes);
    all.add(taken);
    const isOwn = group.tenant === tenant;
    const isAhead = PRIORITIES.indexOf(group.priority) <= rank;
    if (isOwn) own.add(taken);
    if (isAhead) ahead.add(taken);
    if (isOwn && isAhead) tenantAhead.add(taken);
  }
  return { all, tenant: own, ahead, tenantAhead };
}

class Sum implements Taken {
  rows = 0;
  registerBytes = 0;
  workMs = 0;

  add({ rows, registerBytes, workMs }: Taken): void {
    this.rows += rows;
    this.registerBytes += registerBytes;
    this.workMs += workMs;
  }
}

/** Device time of one evaluation of a row. */
function evaluationMs({ lane, places, alone }: JobRows, lanes: Lanes): number {
  const cost = lanes.get(lane)?.cost.turns;
  if (cost === undefined) return 0;
  return alone ? cost.stepMs(places) : (places * cost.stepMs(cost.limit)) / cost.limit;
}
