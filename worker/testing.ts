import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  evaluationScalars,
  type ForwardProcess,
  type GaussianMixture,
  type Parameterization,
  type Program,
  type Scalars,
  type Step,
  type Steps,
  variancePreserving,
} from "../sde/index.ts";
import { type BatchContext, runBatch } from "./batch.ts";
import type { GraphSource, RowStep } from "./protocol.ts";

/** The shipped VP mixture, whose score is known exactly. */
const folder = new URL("../../models/gaussian-mixture-vp/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("model.json", folder), "utf8")) as {
  readonly oracle: GaussianMixture;
};

export const mixture: GaussianMixture = manifest.oracle;
export const process: ForwardProcess = variancePreserving({ betaMin: 0.1, betaMax: 20 });
export const dims: number = 48;
const parameterization: Parameterization = {
  output: "noise",
  timeInput: "t-times-999",
  inputScaling: "none",
};

export const source: GraphSource = {
  key: "gaussian-mixture-vp",
  path: fileURLToPath(new URL("score.onnx", folder)),
  inputName: "x",
  timeName: "label",
  timeType: "float32",
  outputName: "noise",
  outputChannels: 3,
  channels: 3,
  height: 4,
  width: 4,
  intraOpThreads: 1,
};

/** One trajectory in a slab, stepped by whoever runs its batches. */
export class TestRow {
  readonly program: Program;
  readonly seed: bigint;
  readonly offset: number;
  front = 0;
  readonly #steps: Steps;
  step: Step | undefined;

  constructor(program: Program, seed: bigint, offset: number) {
    this.program = program;
    this.seed = seed;
    this.offset = offset;
    this.#steps = program.steps();
    this.advance([]);
  }

  advance(scalars: Scalars): void {
    const next = this.#steps.next(scalars);
    this.step = next.done ? undefined : next.value;
  }

  rowStep(): RowStep {
    const { step, program, seed, offset, front } = this;
    if (step === undefined) throw new RangeError("the row has ended");
    return {
      offset,
      front,
      allocated: program.registers.length,
      lasting: program.registers.length,
      seed,
      sample: 0,
      prepare: step.prepare,
      update: step.update,
      ...(step.evaluate !== undefined && {
        evaluate: {
          input: step.evaluate.input,
          output: step.evaluate.output,
          ...evaluationScalars(process, parameterization, step.evaluate.time),
        },
      }),
    };
  }

  result(slab: Float32Array): number[] {
    const side = (this.front >> this.program.result) & 1;
    const from = this.offset + (2 * this.program.result + side) * dims;
    return Array.from(slab.subarray(from, from + dims));
  }
}

/** Elements of the slab that one row takes. */
export function rowElements(program: Program): number {
  return 2 * program.registers.length * dims;
}

/** Steps rows together, one batch a step, until all have ended. */
export async function runTogether(rows: readonly TestRow[], context: BatchContext): Promise<void> {
  for (;;) {
    const open = rows.filter(({ step }) => step !== undefined);
    if (open.length === 0) return;
    const answer = await runBatch(
      { kind: "batch", graph: "score", source, rows: open.map((row) => row.rowStep()) },
      context,
    );
    for (const [i, row] of open.entries()) {
      row.front ^= answer.rows[i]?.written ?? 0;
      row.advance(answer.rows[i]?.scalars ?? []);
    }
  }
}
