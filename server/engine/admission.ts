import { ServerError } from "../errors.ts";
import type { Job } from "./job.ts";
import type { JobSpec } from "./job-spec.ts";

/** What the server takes on at once. */
export interface Limits {
  /** Rows of all jobs together, running and waiting. */
  readonly maxRows: number;
  /** Rows that have registers. */
  readonly maxActiveRows: number;
}

/** When a job would be done, by prediction, on the engine's clock in ms. */
export interface Promised {
  readonly nowMs: number;
  /** By when it can be promised. */
  readonly promiseMs: number;
  /** Deadlines of other jobs that it would break. */
  readonly missed: number;
}

/** What is there already. */
export interface Load extends Promised {
  readonly active: number;
  readonly waiting: number;
  /** Predicted time until a job that comes now takes its first step, in ms. */
  readonly waitMs: number;
}

/** A caller who was refused for want of room is told to wait at least so long, in ms. */
const MIN_RETRY_MS = 100;

/**
 * Refuses a job that there is no room for, before anything is done for it.
 *
 * @param slabElements the slab's size in float32 elements
 * @throws ServerError "too-large" where it could never run, "queue-full" where it could later, "deadline-exceeded"
 *   where it would not be done in time, or others would not
 */
export function admit(job: Job, load: Load, limits: Limits, slabElements: number): void {
  const { model } = job.spec;
  const count = job.rows.length;
  if (count > limits.maxRows) {
    const message = `the request has ${count} rows, expected at most ${limits.maxRows}, the rows that this server holds`;
    throw new ServerError("too-large", message);
  }
  const { channels, height, width } = model.shape;
  const registers = Math.max(...job.rows.map(({ allocated }) => allocated));
  const elements = 2 * registers * channels * height * width;
  if (elements > slabElements) {
    const message = `one row of model ${model.name} needs ${4 * elements} bytes of registers; this server has ${4 * slabElements}`;
    throw new ServerError("too-large", message);
  }
  const rows = load.active + load.waiting;
  if (rows + count > limits.maxRows) {
    const message = `the queue is full: ${rows} of ${limits.maxRows} rows are taken and the job has ${count}`;
    const retryAfterMs = Math.max(MIN_RETRY_MS, Math.ceil(load.waitMs));
    throw new ServerError("queue-full", message, { retryAfterMs });
  }
  admitDeadline(job.spec, load);
}

/** Whether a job can be promised to be done by its deadline, if it has one. */
export function promises({ deadlineMs }: JobSpec, { promiseMs, missed }: Promised): boolean {
  return deadlineMs === undefined || (promiseMs <= deadlineMs && missed === 0);
}

function admitDeadline(spec: JobSpec, load: Load): void {
  const { deadlineMs, adjusted = "" } = spec;
  if (deadlineMs === undefined || promises(spec, load)) return;
  const { nowMs, promiseMs, missed } = load;
  const seconds = (ms: number): string => `${(Math.ceil(ms / 10) / 100).toFixed(2)} s`;
  const others = missed > 0 ? ", when it would not break the deadlines of jobs that run" : "";
  const by = adjusted === "" ? "" : `, with ${adjusted}`;
  const message = `options.deadline: seen ${seconds(deadlineMs - nowMs)}, expected at least ${seconds(promiseMs - nowMs)}${others}${by}`;
  throw new ServerError("deadline-exceeded", message);
}
