import type { Priority } from "../../server/engine/device-schedule.ts";
import { Heap, type HeapItem } from "../../server/engine/heap.ts";
import { Random } from "./random.ts";

/** Jobs of one kind, coming by a Poisson process; in bursts where `burst` is more than 1. */
export interface JobSource {
  readonly tenant: string;
  readonly priority?: Priority;
  readonly model?: string;
  /** Name of the sampler. It says nothing to a scheduler of steps; a server that batches requests needs equal ones. */
  readonly sampler?: string;
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
  /** A share of the jobs is cancelled so long after arrival, in ms, uniform between the two, unless it has ended; default none. */
  readonly cancels?: {
    readonly share: number;
    readonly afterMs: readonly [least: number, most: number];
  };
}

/** A job as it comes. */
export interface ArrivingJob {
  readonly atMs: number;
  readonly tenant: string;
  readonly priority: Priority;
  readonly model: string;
  readonly sampler?: string;
  readonly rows: number;
  readonly evaluations: number;
  /** On the simulated clock. */
  readonly deadlineMs: number | undefined;
  /** When its caller cancels it, on the simulated clock. */
  readonly cancelMs?: number | undefined;
}

/** A source, ordered by when it sends its next burst. */
interface Arriving extends HeapItem {
  readonly source: JobSource;
  readonly random: Random;
  readonly gapMs: number;
  readonly burst: number;
  readonly untilMs: number;
}

/**
 * All jobs that come before `endMs`, in order of arrival, made as they are asked for: a million need no memory. What one source
 * sends depends on the seed and its place, not on the others.
 */
export function* arrivals(
  sources: readonly JobSource[],
  endMs: number,
  seed: number,
): Generator<ArrivingJob, void, undefined> {
  const heap = new Heap<Arriving>();
  for (const [order, source] of sources.entries()) {
    const { burst = 1, fromMs = 0, untilMs = endMs, perSecond } = source;
    const gapMs = (1000 * burst) / perSecond;
    const random = new Random(seed, order);
    const key = fromMs + random.exponential(gapMs);
    heap.add({ source, random, gapMs, burst, untilMs, key, order, place: -1 });
  }
  for (let next = heap.first; next !== undefined; next = heap.first) {
    const { source, random, gapMs, burst, untilMs, key } = next;
    if (key >= untilMs) {
      heap.remove(next);
      continue;
    }
    for (let i = 0; i < burst; i++) yield job(source, key, random);
    next.key += random.exponential(gapMs);
    heap.update(next);
  }
}

function job(source: JobSource, atMs: number, random: Random): ArrivingJob {
  const within = ([least, most]: readonly [number, number]): number =>
    least + Math.floor(random.uniform() * (most - least + 1));
  const { cancels, deadlineMs } = source;
  const asked = {
    atMs,
    tenant: source.tenant,
    priority: source.priority ?? "interactive",
    model: source.model ?? "model",
    sampler: source.sampler ?? "",
    rows: within(source.rows),
    evaluations: within(source.evaluations),
    deadlineMs: deadlineMs === undefined ? undefined : atMs + within(deadlineMs),
  };
  const isCancelled = cancels !== undefined && random.uniform() < cancels.share;
  return isCancelled ? { ...asked, cancelMs: atMs + within(cancels.afterMs) } : asked;
}
