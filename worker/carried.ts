import { type BatchContext, runBatch } from "./batch.ts";
import type { BatchAnswer, BatchTask } from "./protocol.ts";

/** Registers of the rows of one batch; grows, and is reused by the next. */
let memory = new Float32Array(0);

/**
 * Runs a batch whose registers came with it, for a worker that has no slab in common with the server: lays them out
 * as they lie in the slab, each on its side 0, and gives back those that were written.
 *
 * @param fronts float32[sum of the rows' allocated registers, dims]
 * @returns backs float32[registers written, dims], row after row, registers ascending
 * @throws as `runBatch`
 */
export async function runCarried(
  task: BatchTask,
  fronts: Float32Array,
  context: BatchContext,
): Promise<{ readonly answer: BatchAnswer; readonly backs: Float32Array }> {
  const dims = task.source.channels * task.source.height * task.source.width;
  if (memory.length < 2 * fronts.length) memory = new Float32Array(2 * fronts.length);
  const slab = memory;
  for (let from = 0; from < fronts.length; from += dims) {
    slab.set(fronts.subarray(from, from + dims), 2 * from);
  }
  let offset = 0;
  const rows = task.rows.map((row) => {
    const placed = { ...row, offset, front: 0 };
    offset += 2 * row.allocated * dims;
    return placed;
  });
  const answer = await runBatch({ ...task, rows }, { ...context, slab });
  const written: Float32Array[] = [];
  for (const [i, row] of rows.entries()) {
    for (let register = 0; register < row.allocated; register++) {
      if ((((answer.rows[i]?.written ?? 0) >> register) & 1) === 0) continue;
      const back = row.offset + (2 * register + 1) * dims;
      written.push(slab.subarray(back, back + dims));
    }
  }
  const backs = new Float32Array(written.length * dims);
  for (const [i, register] of written.entries()) backs.set(register, i * dims);
  return { answer, backs };
}
