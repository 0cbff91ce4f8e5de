import { placesOf } from "../../worker/protocol.ts";
import { kindOf, UNKNOWN_EVALUATIONS } from "./adaptive-evaluations.ts";
import type { JobSpec } from "./job-spec.ts";
import { type Lane, laneOf, laneOfRow } from "./lane.ts";
import type { RowGroup } from "./predict-finish.ts";
import type { RowNeed } from "./queue-forecast.ts";
import { type Row, registersOf } from "./row.ts";

type Lanes = ReadonlyMap<string, Lane>;

/** Evaluations that a row still needs, expected; at least 1. */
export function evaluationsLeft(row: Row, lanes: Lanes): number {
  const done = row.evaluations / row.places;
  const { evaluations } = row.program;
  if (evaluations === undefined) return adaptiveLeft(row.job.unbegun, lanes, done);
  return Math.max(1, evaluations - done);
}

/** A row has come to its end: what it took is what others like it are expected to take. */
export function learnEvaluations({ job, program, evaluations, places }: Row, lanes: Lanes): void {
  if (program.evaluations !== undefined) return;
  const { lane, kind = "" } = job.unbegun;
  lanes.get(lane)?.adaptive.observe(kind, evaluations / places);
}

/** Evaluations that a row of a job with adaptive ones still needs when it has done so many, expected. */
function adaptiveLeft({ lane, kind = "" }: JobRows, lanes: Lanes, done: number): number {
  return lanes.get(lane)?.adaptive.left(kind, done) ?? UNKNOWN_EVALUATIONS;
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
  /** Where the solver is adaptive, what decides its evaluations; see kindOf. */
  readonly kind?: string | undefined;
}

/**
 * The rows of a job before any has begun, with what adaptive ones take as far as nothing is known of their kind: see
 * `withLearned`.
 */
export function newGroup(spec: JobSpec): JobRows {
  let evaluations = 0;
  let registers = 0;
  for (const row of spec.rows) {
    evaluations += Math.max(1, row.program.evaluations ?? UNKNOWN_EVALUATIONS);
    registers = Math.max(registers, registersOf(spec, row));
  }
  const { priority, tenant, deadlineMs } = claimOf(spec);
  // Field by field: V8 gives what is copied by a spread a shape of its own, larger than the object.
  return {
    priority,
    tenant,
    deadlineMs,
    lane: firstLane(spec),
    rows: spec.rows.length,
    places: placesOf(spec.conditioning),
    evaluations: evaluations / spec.rows.length,
    alone: spec.strict,
    waiting: true,
    registerBytes: registers * registerBytesOf(spec),
    kind: kindOf(spec),
  };
}

/** Such rows with what rows of their kind have taken lately. Rows of one job are all adaptive, or none is. */
export function withLearned(unbegun: JobRows, lanes: Lanes): JobRows {
  if (unbegun.kind === undefined) return unbegun;
  return { ...unbegun, evaluations: adaptiveLeft(unbegun, lanes, 0) };
}

/** Bytes of one register, its front and its back. */
function registerBytesOf({ model: { shape } }: JobSpec): number {
  return 2 * Float32Array.BYTES_PER_ELEMENT * shape.channels * shape.height * shape.width;
}

/** What a row takes until it ends. */
export function needOf(row: Row, lanes: Lanes): RowNeed {
  const { job, places, allocated } = row;
  const { spec } = job;
  const lane = lanes.get(row.step === undefined ? job.unbegun.lane : laneOfRow(row));
  if (lane === undefined) throw new RangeError(`no lane of model ${spec.model.name} is open`);
  return {
    priority: claimOf(spec).priority,
    cost: lane.cost.turns,
    places,
    alone: spec.strict,
    // A row that is done with, or whose job is, is gone within a step.
    evaluations: job.endedMs === undefined && !row.ended ? evaluationsLeft(row, lanes) : 1,
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
