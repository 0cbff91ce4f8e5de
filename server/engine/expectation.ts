import { placesOf } from "../../worker/protocol.ts";
import type { Promised } from "./admission.ts";
import { type JobRows, newGroup, rowGroups, withLearned } from "./backlog.ts";
import type { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";
import { type Lane, laneOfRow } from "./lane.ts";
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

/** The rows of jobs that have not ended, as a prediction sees them. */
export function backlogOf(running: Iterable<Job>, lanes: ReadonlyMap<string, Lane>): JobRows[] {
  const backlog: JobRows[] = [];
  for (const job of running) {
    if (job.startedMs === undefined) backlog.push(withLearned(job.unbegun, lanes));
    else backlog.push(...rowGroups(job, currentLane(job), lanes));
  }
  return backlog;
}

function currentLane(job: Job): string {
  const row = job.rows.find(({ step }) => step !== undefined);
  return row === undefined ? job.unbegun.lane : laneOfRow(row);
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
