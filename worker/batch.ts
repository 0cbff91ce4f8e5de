import { execute, type FillNormal, type Instruction } from "../sde/index.ts";
import { evaluator } from "./evaluate.ts";
import { gather } from "./gather.ts";
import { type OpenRow, openRow } from "./open-row.ts";
import { type BatchAnswer, type BatchTask, placesOf, type RowAnswer } from "./protocol.ts";
import { scatter } from "./scatter.ts";

/** Moments of a batch at which a test may interfere. */
export type BatchStage = "prepared" | "evaluated" | "updated";

export interface BatchContext {
  readonly slab: Float32Array;
  readonly fillNormal: FillNormal;
  readonly onStage?: (stage: BatchStage, task: BatchTask) => void;
}

/**
 * Runs one step of each row with one network evaluation for all: prepare, gather, evaluate, scatter, update.
 *
 * @throws what onnxruntime throws; the fronts of all registers are then as they were
 */
export async function runBatch(task: BatchTask, context: BatchContext): Promise<BatchAnswer> {
  const started = performance.now();
  const { channels, height, width } = task.source;
  const dims = channels * height * width;
  const z = new Float32Array(dims);
  const rows = task.rows.map((step) => openRow(step, dims, z, context));
  for (const row of rows) run(row, row.step.prepare);
  context.onStage?.("prepared", task);
  const evaluated = rows.filter((row) => row.step.evaluate !== undefined);
  let [evaluateMs, padding] = [0, 0];
  if (evaluated.length > 0) {
    const places = evaluated.reduce((sum, { step }) => sum + placesOf(step.evaluate), 0);
    // A row alone is evaluated whole, so that what a strict one gives does not depend on what was measured.
    const perRun = evaluated.length === 1 ? undefined : task.source.placesPerRun;
    const batch = await evaluator(task.source, places, perRun);
    padding = batch.padding;
    gather(evaluated, batch, dims);
    const before = performance.now();
    await batch.run();
    evaluateMs = performance.now() - before;
    scatter(evaluated, batch, dims, task.source.outputChannels * height * width);
  }
  context.onStage?.("evaluated", task);
  for (const row of rows) run(row, row.step.update);
  context.onStage?.("updated", task);
  return {
    ok: true,
    rows: rows.map(answer),
    padding,
    evaluateMs,
    totalMs: performance.now() - started,
  };
}

function run(row: OpenRow, instructions: readonly Instruction[]): void {
  for (const instruction of instructions) {
    const scalar = execute(instruction, row.registers, row.noise);
    if (scalar !== undefined) row.scalars.push(scalar);
  }
}

function answer({ registers, scalars, finite }: OpenRow): RowAnswer {
  return { written: registers.written, scalars, finite };
}
