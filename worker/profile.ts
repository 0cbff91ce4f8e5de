import { type Evaluator, evaluator } from "./evaluate.ts";
import { memoryOf } from "./evaluation-memory.ts";
import { inRuns, placesPerRun } from "./portions.ts";
import type { ProfileAnswer, ProfileTask } from "./protocol.ts";

/** Evaluations measured at each batch size: at least the first, and more up to the second within the time, in ms. */
const LEAST = 3;
const MOST = 10;
const ENOUGH_MS = 100;

/**
 * Measures one evaluation at each batch size: the fastest of a few, after one that warms up. What else the machine does
 * can only add to a time, so the fastest is the one that it disturbed least. Where smaller runs of the session are faster
 * a place, larger batches count as evaluated in such runs.
 */
export async function profile(task: ProfileTask): Promise<ProfileAnswer> {
  const stepMs: number[] = [];
  for (const rows of task.batchSizes) {
    const batch = await evaluator(task.source, rows);
    fill(batch, rows);
    await batch.run();
    const started = performance.now();
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < MOST; i++) {
      const before = performance.now();
      if (i >= LEAST && before - started > ENOUGH_MS) break;
      await batch.run();
      fastest = Math.min(fastest, performance.now() - before);
    }
    stepMs.push(fastest);
    if (fastest > task.enoughMs) break;
  }
  const { batchSizes } = task;
  const { bytes: placeBytes } = await memoryOf(task.source);
  const perRun = placesPerRun(batchSizes, stepMs);
  if (perRun === undefined) return { ok: true, stepMs, placeBytes };
  const inRunsMs = inRuns(batchSizes, stepMs, perRun);
  return { ok: true, stepMs: inRunsMs, placesPerRun: perRun, placeBytes };
}

/** Something that every network can take; how long it takes does not depend on what. */
function fill({ x, times, labels, tangent, classifier }: Evaluator, rows: number): void {
  x.fill(0.1);
  tangent?.input.fill(0.1);
  classifier?.x.fill(0.1);
  for (let row = 0; row < rows; row++) {
    times.set(row, 0.5);
    labels?.set(row, 0);
    classifier?.times.set(row, 0.5);
    classifier?.labels.set(row, 0);
  }
}
