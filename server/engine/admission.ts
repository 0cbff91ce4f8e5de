import { ServerError } from "../errors.ts";
import { type Bound, boundsOf, type Limits, type TakenBefore, wordsOf } from "./bounds.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Taken } from "./taken.ts";

/** When a job would be done, by prediction, on the engine's clock in ms. */
export interface Promised {
  readonly nowMs: number;
  /** By when it can be promised. */
  readonly promiseMs: number;
  /** Deadlines of other jobs that it would break. */
  readonly missed: number;
}

/** A caller who was refused for want of room is told to wait at least so long, in ms. */
const MIN_RETRY_MS = 100;

/**
 * Refuses a job that there is no room for, before anything is done for it.
 *
 * @param asked what the job itself would take
 * @param slabBytes the slab's size
 * @throws ServerError "too-large" where it could never run, "queue-full" where it could later, "deadline-exceeded"
 *   where it would not be done in time, or others would not
 */
export function admit(
  spec: JobSpec,
  asked: Taken,
  found: TakenBefore & Promised,
  limits: Limits,
  slabBytes: number,
): void {
  const bounds = boundsOf(spec.tenant ?? "", found, limits);
  for (const bound of bounds) refuseTooLarge(bound, asked);
  const rowBytes = asked.registerBytes / asked.rows;
  if (rowBytes > slabBytes) {
    const [needed, most] = [rowBytes, slabBytes].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    const message = `one row of model ${spec.model.name} needs ${needed} MiB of registers, expected at most ${most} (--slab-mib)`;
    throw new ServerError("too-large", message);
  }
  for (const bound of bounds) refuseFull(bound, asked);
  admitDeadline(spec, found);
}

/** @throws ServerError "too-large" where the bound is less than the job alone */
function refuseTooLarge(bound: Bound, job: Taken): void {
  const { measure, most } = bound;
  const asked = measure.of(job);
  if (asked <= most || measure.mayExceed) return;
  const [what, setting] = wordsOf(bound);
  const message = `the job asks for ${measure.shown(asked)} ${what}, expected at most ${measure.shown(most)} (${setting})`;
  throw new ServerError("too-large", message);
}

/** @throws ServerError "queue-full" where others have taken what the job asks for */
function refuseFull(bound: Bound, job: Taken): void {
  const { measure, most } = bound;
  const [taken, asked] = [measure.of(bound.taken), measure.of(job)];
  const over = taken + asked - most;
  if (taken === 0 || over <= 0) return;
  const [what, setting] = wordsOf(bound);
  const message = `the queue is full: ${measure.shown(taken)} of ${measure.shown(most)} ${what} are taken and the job asks for ${measure.shown(asked)} (${setting})`;
  // Room comes as the work of those who have taken it is done.
  const doneMs = bound.taken.workMs * Math.min(1, over / taken);
  const retryAfterMs = Math.max(MIN_RETRY_MS, Math.ceil(doneMs));
  throw new ServerError("queue-full", message, { retryAfterMs });
}

/** Whether a job can be promised to be done by its deadline, if it has one. */
export function promises({ deadlineMs }: JobSpec, { promiseMs, missed }: Promised): boolean {
  return deadlineMs === undefined || (promiseMs <= deadlineMs && missed === 0);
}

function admitDeadline(spec: JobSpec, promised: Promised): void {
  const { deadlineMs, adjusted = "" } = spec;
  if (deadlineMs === undefined || promises(spec, promised)) return;
  const { nowMs, promiseMs, missed } = promised;
  const seconds = (ms: number): string => `${(Math.ceil(ms / 10) / 100).toFixed(2)} s`;
  const others = missed > 0 ? ", when it would not break the deadlines of jobs that run" : "";
  const by = adjusted === "" ? "" : `, with ${adjusted}`;
  const message = `options.deadline: seen ${seconds(deadlineMs - nowMs)}, expected at least ${seconds(promiseMs - nowMs)}${others}${by}`;
  throw new ServerError("deadline-exceeded", message);
}
