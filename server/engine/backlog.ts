import { placesOf } from "../../worker/protocol.ts";
import type { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";
import { type Lane, laneOf, laneOfRow } from "./lane.ts";
import type { RowGroup } from "./predict-finish.ts";
import type { RowNeed } from "./queue-forecast.ts";
import { type Row, registersOf } from "./row.ts";

/** A program that does not know its evaluations ahead counts on as many again as it has done, and at least so many. */
const UNKNOWN_EVALUATIONS = 100;

/** Evaluations that a row still needs, expected; at least 1. */
export function evaluationsLeft(row: Row): number {
  const done = row.evaluations / row.places;
  const { evaluations } = row.program;
  if (evaluations === undefined) return Math.max(UNKNOWN_EVALUATIONS, done);
  return Math.max(1, evaluations - done);
}

/** What a job is to the scheduler, where it leaves nothing out. */
export function claimOf(spec: JobSpec): Pick<RowGroup, "priority" | "tenant" | "deadlineMs"> {
  const { priority = "interactive", tenant = "", deadlineMs } = spec;
  return { priority, tenant, deadlineMs };
}

/** Rows of one job, as predictions and bounds see them. */
export interface JobRows extends RowGroup {
  /** Bytes of the registers that each has or waits for. */
  readonly registerBytes: number;
}

/** A job's rows: those that run, and those that wait for registers. */
export function rowGroups(job: Job, lane: string): JobRows[] {
  const groups: JobRows[] = [];
  const registerBytes = registerBytesOf(job.spec);
  for (const waiting of [false, true]) {
    let rows = 0;
    let evaluations = 0;
    let registers = 0;
    for (const row of job.rows) {
      // A row without registers that has done steps has ended.
      const counts = waiting
        ? row.offset === undefined && row.steps === 0
        : row.offset !== undefined;
      if (!counts) continue;
      rows++;
      evaluations += evaluationsLeft(row);
      registers = Math.max(registers, row.allocated);
    }
    if (rows === 0) continue;
    groups.push({
      ...claimOf(job.spec),
      lane,
      rows,
      places: placesOf(job.spec.conditioning),
      evaluations: evaluations / rows,
      alone: job.spec.strict,
      waiting,
      registerBytes: registers * registerBytes,
    });
  }
  return groups;
}

/** The rows of a job before any has begun. */
export function newGroup(spec: JobSpec): JobRows {
  let evaluations = 0;
  let registers = 0;
  for (const row of spec.rows) {
    evaluations += Math.max(1, row.program.evaluations ?? UNKNOWN_EVALUATIONS);
    registers = Math.max(registers, registersOf(spec, row));
  }
  return {
    ...claimOf(spec),
    lane: firstLane(spec),
    rows: spec.rows.length,
    places: placesOf(spec.conditioning),
    evaluations: evaluations / spec.rows.length,
    alone: spec.strict,
    waiting: true,
    registerBytes: registers * registerBytesOf(spec),
  };
}

/** Bytes of one register, its front and its back. */
function registerBytesOf({ model: { shape } }: JobSpec): number {
  return 2 * Float32Array.BYTES_PER_ELEMENT * shape.channels * shape.height * shape.width;
}

/** What a row takes until it ends. */
export function needOf(row: Row, lanes: ReadonlyMap<string, Lane>): RowNeed {
  const { job, places, allocated } = row;
  const { spec } = job;
  const lane = lanes.get(row.step === undefined ? job.unbegun.lane : laneOfRow(row));
  if (lane === undefined) throw new RangeError(`no lane of model ${spec.model.name} is open`);
  return {
    priority: claimOf(spec).priority,
    cost: lane.cost,
    places,
    alone: spec.strict,
    // A row of a job that has ended is gone within a step.
    evaluations: job.endedMs === undefined ? evaluationsLeft(row) : 1,
    elements: (allocated * registerBytesOf(spec)) / Float32Array.BYTES_PER_ELEMENT,
  };
}

/** The lane of what a job's rows evaluate first. */
function firstLane({ model, rows, conditioning }: JobSpec): string {
  const first = rows[0]?.program.steps().next().value;
  if (first !== undefined && "evaluate" in first && first.evaluate?.graph === "jvp") {
    return laneOf(model, "jvp");
  }
  return laneOf(model, conditioning.guidance === undefined ? "score" : "guided");
}
