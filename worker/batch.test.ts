import test from "ava";
import {
  diffusedMixture,
  interpret,
  mixtureScore,
  type Program,
  predictorCorrector,
} from "../sde/index.ts";
import { type BatchContext, runBatch } from "./batch.ts";
import { createFillNormal } from "./noise.ts";
import { dims, mixture, process, rowElements, runTogether, source, TestRow } from "./testing.ts";

function program(steps: number, corrector: "langevin" | "none"): Program {
  return predictorCorrector({
    process,
    predictor: "reverse-diffusion",
    corrector,
    steps,
    correctorSteps: 1,
    signalToNoise: 0.1,
    eps: 1e-3,
    denoise: true,
    correctorFirst: false,
  });
}

function context(rows: number, one: Program): BatchContext {
  const slab = new Float32Array(new SharedArrayBuffer(4 * rows * rowElements(one)));
  return { slab, fillNormal: createFillNormal() };
}

// A thread runs one batch at a time, so these tests run one after the other.

/** float32 registers and a float32 network: errors of a step are about 1e-7, and 50 steps add them up. */
const ROUNDING = 1e-4;

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

test.serial("a worker gives what the interpreter gives with the exact score", async (t) => {
  const one = program(50, "langevin");
  const memory = context(1, one);
  const row = new TestRow(one, 4n, 0);
  await runTogether([row], memory);
  const exact = interpret(
    one,
    (x, time) => mixtureScore(diffusedMixture(mixture, process.marginal(time)), x),
    { dims, seed: 4n, sample: 0 },
  );
  t.true(largestDifference(row.result(memory.slab), Array.from(exact)) < ROUNDING);
});

test.serial("a row gives the same alone and in the company of rows at other times", async (t) => {
  const programs = Array.from({ length: 9 }, (_, i) =>
    program(10 + 5 * i, i % 2 ? "langevin" : "none"),
  );
  const each = rowElements(program(1, "none"));
  const together = context(programs.length, program(1, "none"));
  const rows = programs.map((one, i) => new TestRow(one, BigInt(i), i * each));
  await runTogether(rows, together);
  for (const [i, one] of programs.entries()) {
    const alone = context(1, one);
    const row = new TestRow(one, BigInt(i), 0);
    await runTogether([row], alone);
    const difference = largestDifference(
      row.result(alone.slab),
      rows[i]?.result(together.slab) ?? [],
    );
    t.true(difference < ROUNDING, `row ${i}: ${difference}`);
  }
});

test.serial(
  "a step that dies at any stage has changed nothing, and runs again with the same bits",
  async (t) => {
    const one = program(5, "langevin");
    const undisturbed = context(1, one);
    const reference = new TestRow(one, 8n, 0);
    await runTogether([reference], undisturbed);

    const disturbed = context(1, one);
    const row = new TestRow(one, 8n, 0);
    while (row.step !== undefined) {
      const task = { kind: "batch", graph: "score", source, rows: [row.rowStep()] } as const;
      for (const stage of ["prepared", "evaluated", "updated"] as const) {
        const dying: BatchContext = {
          ...disturbed,
          onStage: (at) => {
            if (at === stage) throw new Error(`died when ${stage}`);
          },
        };
        await t.throwsAsync(runBatch(task, dying), { message: `died when ${stage}` });
      }
      const answer = await runBatch(task, disturbed);
      row.front ^= answer.rows[0]?.written ?? 0;
      row.advance(answer.rows[0]?.scalars ?? []);
    }
    t.deepEqual(row.result(disturbed.slab), reference.result(undisturbed.slab));
  },
);

test.serial(
  "a row whose network output is not finite is named, and its neighbours are not touched",
  async (t) => {
    const one = program(3, "none");
    const memory = context(2, one);
    const good = new TestRow(one, 1n, 0);
    const bad = new TestRow(one, 2n, rowElements(one));
    await runBatch({ kind: "batch", graph: "score", source, rows: [good.rowStep()] }, memory);
    const poisoned = {
      ...bad.rowStep(),
      prepare: [
        { op: "lincomb", out: 0, terms: [], noise: { draw: 0, scale: Number.NaN } },
      ] as const,
    };
    const answer = await runBatch(
      { kind: "batch", graph: "score", source, rows: [good.rowStep(), poisoned] },
      memory,
    );
    t.deepEqual(
      answer.rows.map(({ finite }) => finite),
      [true, false],
    );
  },
);
