import type { Priority } from "../../server/engine/device-schedule.ts";
import type { Random } from "./random.ts";

/** Jobs of one kind, coming by a Poisson process; in bursts where `burst` is more than 1. */
export interface JobSource {
  readonly tenant: string;
  readonly priority?: Priority;
  readonly model?: string;
  /** Jobs a second, on average. */
  readonly perSecond: number;
  /** Jobs that come at once; default 1. */
  readonly burst?: number;
  /** First and last time of arrival, in ms; default 0 and the end. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Rows of a job, and evaluations of each: uniform between the two. */
  readonly rows: readonly [least: number, most: number];
  readonly evaluations: readonly [least: number, most: number];
  /** Deadline after arrival, in ms, uniform between the two; default none. */
  readonly deadlineMs?: readonly [least: number, most: number];
}

/** A job as it comes. */
export interface ArrivingJob {
  readonly atMs: number;
  readonly tenant: string;
  readonly priority: Priority;
  readonly model: string;
  readonly rows: number;
  readonly evaluations: number;
  /** On the simulated clock. */
  readonly deadlineMs: number | undefined;
}

/** All jobs that come before `endMs`, in order of arrival. */
export function arrivals(
  sources: readonly JobSource[],
  endMs: number,
  random: Random,
): ArrivingJob[] {
  const jobs = sources.flatMap((source) => {
    const { burst = 1, fromMs = 0, untilMs = endMs } = source;
    const made: ArrivingJob[] = [];
    const gapMs = (1000 * burst) / source.perSecond;
    for (let atMs = fromMs + random.exponential(gapMs); atMs < untilMs; ) {
      for (let i = 0; i < burst; i++) made.push(job(source, atMs, random));
      atMs += random.exponential(gapMs);
    }
    return made;
  });
  return jobs.sort((a, b) => a.atMs - b.atMs);
}

function job(source: JobSource, atMs: number, random: Random): ArrivingJob {
  const within = ([least, most]: readonly [number, number]): number =>
    least + Math.floor(random.uniform() * (most - least + 1));
  return {
    atMs,
    tenant: source.tenant,
    priority: source.priority ?? "interactive",
    model: source.model ?? "model",
    rows: within(source.rows),
    evaluations: within(source.evaluations),
    deadlineMs: source.deadlineMs === undefined ? undefined : atMs + within(source.deadlineMs),
  };
}
