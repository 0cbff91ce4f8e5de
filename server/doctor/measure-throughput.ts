import type { Execution, GraphSource } from "../../worker/protocol.ts";
import { sizesUpTo } from "../engine/measure-lanes.ts";
import { profiledSizes } from "../engine/step-profile.ts";
import { Workers } from "../engine/workers.ts";
import { asServerError } from "../errors.ts";
import type { Throughput } from "./diagnosis.ts";

/** A profile of one size takes at least so many evaluations, the first of which warms up. */
const LEAST_EVALUATIONS = 4;

export interface MeasureOptions {
  /** About how long it may take; a size that would take longer is left out, but for the first. */
  readonly seconds: number;
  /** The largest batch. */
  readonly maxRows: number;
}

/**
 * Evaluations a second of a network by rows of a batch: one round over all sizes after the other until the time is up, in a
 * process of its own. What else the machine does can only add to a time, so the fastest counts.
 */
export async function measureThroughput(
  model: string,
  source: GraphSource,
  execution: Execution,
  { seconds, maxRows }: MeasureOptions,
): Promise<Throughput> {
  const { provider } = execution;
  const setup = { slab: new SharedArrayBuffer(0), threads: 1, execution } as const;
  const workers = new Workers({ ...setup, isolation: "process", quiet: true });
  const fastestMs = new Map<number, number>();
  const measure = async (rows: number): Promise<void> => {
    const task = { kind: "profile", source, batchSizes: [rows], enoughMs: 0 } as const;
    const [ms = Number.NaN] = (await workers.profile(task)).stepMs;
    fastestMs.set(rows, Math.min(ms, fastestMs.get(rows) ?? Number.POSITIVE_INFINITY));
  };
  const { batchSizes = [] } = execution;
  const sizes = batchSizes.length === 0 ? profiledSizes(maxRows) : sizesUpTo(maxRows, batchSizes);
  try {
    // The time begins when the network is loaded and has run.
    await measure(sizes[0] ?? 1);
    const endMs = performance.now() + 1000 * seconds;
    while (performance.now() < endMs) {
      const before = performance.now();
      for (const rows of sizes) {
        if (performance.now() + expectedMs(fastestMs, rows) > endMs) break;
        await measure(rows);
      }
      if (performance.now() + (performance.now() - before) > endMs) break;
    }
  } catch (error) {
    return { model, provider, sizes: [], problem: asServerError(error).message };
  } finally {
    await workers.close();
  }
  const measured = [...fastestMs].map(([rows, ms]) => {
    return { rows, evaluationsPerSecond: (1000 * rows) / ms };
  });
  const best = measured.toSorted((a, b) => b.evaluationsPerSecond - a.evaluationsPerSecond)[0];
  return {
    model,
    provider,
    sizes: measured,
    ...(best === undefined ? {} : { bestRows: best.rows }),
  };
}

/** What a profile of so many rows takes, by what it took before or by the batch before it. */
function expectedMs(fastestMs: ReadonlyMap<number, number>, rows: number): number {
  const measured = fastestMs.get(rows);
  const [known = rows, ms = 0] =
    measured === undefined ? ([...fastestMs].at(-1) ?? []) : [rows, measured];
  return (LEAST_EVALUATIONS * ms * rows) / known;
}
