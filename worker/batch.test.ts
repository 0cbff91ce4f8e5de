import test from "ava";
import fc from "fast-check";
import {
  CORRECTOR_NAMES,
  diffusedMixture,
  edmSampler,
  FLOW_SOLVERS,
  interpret,
  mixtureScore,
  multistep,
  PREDICTOR_NAMES,
  type Program,
  predictorCorrector,
  probabilityFlow,
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

/** Programs of every kind, each short. */
const STEPS = fc.integer({ min: 1, max: 12 });
const anyProgram: fc.Arbitrary<Program> = fc.oneof(
  fc
    .record({
      predictor: fc.constantFrom(...PREDICTOR_NAMES),
      corrector: fc.constantFrom(...CORRECTOR_NAMES),
      steps: STEPS,
      correctorFirst: fc.boolean(),
      denoise: fc.boolean(),
    })
    .filter(({ predictor, corrector }) => predictor !== "none" || corrector !== "none")
    .map((chosen) =>
      predictorCorrector({
        ...chosen,
        ...{ process, correctorSteps: 1, signalToNoise: 0.1, eps: 1e-3 },
      }),
    ),
  fc
    .record({ solver: fc.constantFrom(...FLOW_SOLVERS), steps: STEPS, denoise: fc.boolean() })
    .map((chosen) =>
      probabilityFlow({
        ...chosen,
        ...{ process, direction: "sample", eps: 1e-3, maxEvaluations: 10_000 },
        ...{ relativeTolerance: 1e-2, absoluteTolerance: 1e-2 },
      }),
    ),
  fc
    .record({
      method: fc.constantFrom("ddim", "dpm-solver++2m", "dpm-solver++2m-sde", "unipc"),
      steps: STEPS,
      order: fc.constantFrom(1, 2, 3),
      eta: fc.constantFrom(0, 0.5, 1),
    })
    .map((chosen) => multistep({ ...chosen, process, timeGrid: "log-snr", eps: 1e-3 })),
  fc
    .record({ steps: STEPS, kind: fc.constantFrom("plain", "churn", "restart") })
    .map(({ steps, kind }) =>
      edmSampler({
        ...{ process, steps, timeGrid: "karras", eps: 1e-3 },
        ...(kind === "churn" && { churn: { total: 10, sigmaMin: 0.01, sigmaMax: 10, noise: 1 } }),
        ...(kind === "restart" && {
          restart: { sigmaMin: 0.06, sigmaMax: 0.8, repeats: 2, steps: 2 },
        }),
      }),
    ),
);

test.serial(
  "any program gives the same alone and in the company of others at other times",
  async (t) => {
    const mixes = fc.array(anyProgram, { minLength: 2, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(mixes, async (programs) => {
        const largest = Math.max(...programs.map(rowElements));
        const slab = new Float32Array(new SharedArrayBuffer(4 * programs.length * largest));
        const rows = programs.map((one, i) => new TestRow(one, BigInt(i), i * largest));
        await runTogether(rows, { slab, fillNormal: createFillNormal() });
        for (const [i, one] of programs.entries()) {
          const alone = context(1, one);
          const row = new TestRow(one, BigInt(i), 0);
          await runTogether([row], alone);
          const shared = rows[i]?.result(slab) ?? [];
          const scale = Math.max(1, ...shared.map(Math.abs));
          const difference = largestDifference(row.result(alone.slab), shared) / scale;
          if (!(difference < ROUNDING)) throw new Error(`row ${i} differs by ${difference}`);
        }
      }),
      { numRuns: 40, seed: 20 },
    );
    t.pass();
  },
);

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
