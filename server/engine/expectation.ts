import type { Promised } from "./admission.ts";
import { firstGraph, rowGroups } from "./backlog.ts";
import type { Job } from "./job.ts";
import { type Lane, laneOf } from "./lane.ts";
import { type Prediction, predictFinishMs, type RowGroup } from "./predict-finish.ts";

/** What a job costs, and when it would be done. */
export interface Expectation extends Promised {
  readonly evaluations: number;
  readonly waitMs: number;
  readonly durationMs: number;
}

/** What a new job finds. */
export interface Surroundings {
  readonly nowMs: number;
  /** Jobs that have not ended. */
  readonly running: Iterable<Job>;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly maxActiveRows: number;
  readonly weightOf: (tenant: string) => number;
}

/** What a job costs, and when it would begin and end if nothing else came after it. Pure. */
export function expectationOf(job: Job, surroundings: Surroundings): Expectation {
  const { nowMs } = surroundings;
  const [row] = job.rows;
  const { startMs, finishMs, promiseMs, missed } = predict(job, surroundings);
  return {
    nowMs,
    promiseMs,
    missed,
    evaluations: (row?.program.evaluations ?? 0) * (row?.places ?? 1),
    waitMs: startMs - nowMs,
    durationMs: finishMs - startMs,
  };
}

function predict(job: Job, { running, lanes, ...rest }: Surroundings): Prediction {
  const { nowMs } = rest;
  const backlog: RowGroup[] = [];
  for (const other of running) {
    const row = other.rows.find(({ step }) => step !== undefined);
    backlog.push(...rowGroups(other, laneOf(other.spec.model, row?.graph ?? firstGraph(other))));
  }
  const [group] = rowGroups(job, laneOf(job.spec.model, firstGraph(job)));
  if (group === undefined) {
    return { startMs: nowMs, finishMs: nowMs, promiseMs: nowMs, missed: 0 };
  }
  const costs = new Map([...lanes].map(([name, { cost }]) => [name, cost]));
  return predictFinishMs(backlog, group, { ...rest, lanes: costs });
}
