import {
  execute,
  type FillNormal,
  type Instruction,
  type Noise,
  uniformNumber,
} from "../sde/index.ts";
import { type Evaluator, evaluator } from "./evaluate.ts";
import type { BatchAnswer, BatchTask, RowAnswer, RowStep } from "./protocol.ts";
import { RowRegisters } from "./row-registers.ts";

/** Moments of a batch at which a test may interfere. */
export type BatchStage = "prepared" | "evaluated" | "updated";

export interface BatchContext {
  readonly slab: Float32Array;
  readonly fillNormal: FillNormal;
  readonly onStage?: (stage: BatchStage, task: BatchTask) => void;
}

/** One row while its step runs. */
interface OpenRow {
  readonly step: RowStep;
  readonly registers: RowRegisters;
  readonly noise: Noise;
  readonly scalars: number[];
  finite: boolean;
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
  let evaluateMs = 0;
  if (evaluated.length > 0) {
    const batch = await evaluator(task.source, evaluated.length);
    gather(evaluated, batch, dims);
    const before = performance.now();
    const output = await batch.run();
    evaluateMs = performance.now() - before;
    scatter(evaluated, output, dims, task.source.outputChannels * height * width);
  }
  context.onStage?.("evaluated", task);
  for (const row of rows) run(row, row.step.update);
  context.onStage?.("updated", task);
  return {
    ok: true,
    rows: rows.map(answer),
    evaluateMs,
    totalMs: performance.now() - started,
  };
}

function openRow(step: RowStep, dims: number, z: Float32Array, context: BatchContext): OpenRow {
  const { seed, sample } = step;
  return {
    step,
    registers: new RowRegisters(context.slab, step, dims),
    noise: {
      normals: (draw) => {
        context.fillNormal(z, { seed, sample, draw });
        return z;
      },
      uniform: (draw) => uniformNumber({ seed, sample, draw }),
    },
    scalars: [],
    finite: true,
  };
}

function run(row: OpenRow, instructions: readonly Instruction[]): void {
  for (const instruction of instructions) {
    const scalar = execute(instruction, row.registers, row.noise);
    if (scalar !== undefined) row.scalars.push(scalar);
  }
}

/** Writes inputScale x of each row into the network's input. */
function gather(rows: readonly OpenRow[], batch: Evaluator, dims: number): void {
  for (const [i, { step, registers }] of rows.entries()) {
    if (step.evaluate === undefined) continue;
    const { input, inputScale, time } = step.evaluate;
    const x = registers.read(input);
    const from = i * dims;
    for (let e = 0; e < dims; e++) batch.x[from + e] = inputScale * x[e]!;
    batch.setTime(i, time);
  }
}

/** Turns each row of the network's output into its score, in place where the row's own output lies. */
function scatter(
  rows: readonly OpenRow[],
  output: Float32Array,
  dims: number,
  outputDims: number,
): void {
  for (const [i, row] of rows.entries()) {
    if (row.step.evaluate === undefined) continue;
    const { input, output: register, scoreFromInput, scoreFromOutput } = row.step.evaluate;
    const x = row.registers.read(input);
    const score = output.subarray(i * outputDims, i * outputDims + dims);
    let sum = 0;
    for (let e = 0; e < dims; e++) {
      const value = scoreFromInput * x[e]! + scoreFromOutput * score[e]!;
      score[e] = value;
      sum += value;
    }
    row.finite = Number.isFinite(sum);
    if (register >= row.step.lasting) row.registers.lend(register, score);
    else row.registers.write(register).set(score);
  }
}

function answer({ registers, scalars, finite }: OpenRow): RowAnswer {
  return { written: registers.written, scalars, finite };
}
