import { evaluator } from "./evaluate.ts";
import type { ProfileAnswer, ProfileTask } from "./protocol.ts";

/** Evaluations measured at each batch size. */
const MEASURED = 3;

/** Measures one evaluation at each batch size: the median of a few, after one that warms up. */
export async function profile(task: ProfileTask): Promise<ProfileAnswer> {
  const stepMs: number[] = [];
  for (const rows of task.batchSizes) {
    const batch = await evaluator(task.source, rows);
    batch.x.fill(0.1);
    for (let row = 0; row < rows; row++) batch.setTime(row, 0.5);
    await batch.run();
    const times: number[] = [];
    for (let i = 0; i < MEASURED; i++) {
      const before = performance.now();
      await batch.run();
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    const median = times[Math.floor(MEASURED / 2)] ?? 0;
    stepMs.push(median);
    if (median > task.enoughMs) break;
  }
  return { ok: true, stepMs };
}
