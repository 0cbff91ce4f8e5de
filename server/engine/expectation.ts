import { placesOf } from "../../worker/protocol.ts";
import type { Promised } from "./admission.ts";
import { type JobRows, newGroup, withLearned } from "./backlog.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Lane } from "./lane.ts";
import { predictFinishMs, type RowGroup } from "./predict-finish.ts";

/** What a job costs, and when it would be done. */
export interface Expectation extends Promised {
  readonly rows: JobRows;
  /** Of a row, where they are known ahead; else 0. */
  readonly evaluations: number;
  readonly waitMs: number;
  readonly durationMs: number;
}

/** What a new job finds. */
export interface Surroundings {
  readonly nowMs: number;
  readonly backlog: readonly RowGroup[];
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly maxActiveRows: number;
  readonly weightOf: (tenant: string) => number;
}

/** What a job costs, and when it would begin and end if nothing else came after it. Pure. */
export function expectationOf(spec: JobSpec, surroundings: Surroundings): Expectation {
  const { nowMs, lanes, backlog, ...rest } = surroundings;
  const costs = new Map([...lanes].map(([name, { cost }]) => [name, cost.turns]));
  const context = { nowMs, ...rest, lanes: costs };
  const rows = withLearned(newGroup(spec), lanes);
  const { startMs, finishMs, promiseMs, missed } = predictFinishMs(backlog, rows, context);
  const evaluations = spec.rows[0]?.program.evaluations ?? 0;
  return {
    rows,
    nowMs,
    promiseMs,
    missed,
    evaluations: evaluations * placesOf(spec.conditioning),
    waitMs: startMs - nowMs,
    durationMs: finishMs - startMs,
  };
}
