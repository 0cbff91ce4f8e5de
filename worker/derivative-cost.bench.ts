/**
 * Cost of a derived graph: evaluations of (f, J v) over evaluations of f, side by side in one run.
 *
 *   node dist/worker/derivative-cost.bench.js [model.onnx [x [output]]]
 *
 * Each line is one batch size and number of threads: medians of evaluations in turn, and the median of the ratios of
 * evaluations that follow each other.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { InferenceSession } from "onnxruntime-node";
import { forwardMode, tangentName } from "../onnx/forward.ts";
import { readModel, writeModel } from "../onnx/model-file.ts";
import { normals, proofTensor, uniforms } from "./derivative-proof-inputs.ts";
import { sessionOptions } from "./sessions.ts";

const ROUNDS = 15;
const digits = fileURLToPath(new URL("../../models/color-digits/score.onnx", import.meta.url));
const [file = digits, input = "x", output = "F"] = process.argv.slice(2);
const source = await readFile(file);
const derived = writeModel(forwardMode(readModel(source), { input, output }));

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A function that evaluates a graph once and gives the milliseconds. */
async function evaluation(
  bytes: Uint8Array,
  threads: number,
  rows: number,
): Promise<() => Promise<number>> {
  // Idle threads of one session that spin would slow the other one.
  const extra = { session: { intra_op: { allow_spinning: "0" } } };
  const session = await InferenceSession.create(bytes, { ...sessionOptions(threads), extra });
  const tensorOf = proofTensor(session, { rows, dims: {} });
  const feeds = Object.fromEntries(
    session.inputNames.map((name) => {
      const isReal = name === input || name === tangentName(input);
      return [name, tensorOf(name, (n) => (isReal ? normals(1, n) : uniforms(2, n))).tensor];
    }),
  );
  return async () => {
    const before = performance.now();
    await session.run(feeds);
    return performance.now() - before;
  };
}

for (const threads of [1, 2]) {
  for (const rows of [1, 2, 4, 8, 16]) {
    const [f, df] = [
      await evaluation(source, threads, rows),
      await evaluation(derived, threads, rows),
    ];
    for (const run of [f, df, f, df]) await run();
    const times: { readonly plain: number; readonly both: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push({ plain: await f(), both: await df() });
    const plain = median(times.map((time) => time.plain));
    const both = median(times.map((time) => time.both));
    const ratio = median(times.map((time) => time.both / time.plain));
    const [a, b, c] = [plain, both, ratio].map((number) => number.toFixed(2));
    const setting = `threads ${threads}, rows ${rows}`;
    process.stdout.write(`${setting}: ${a} ms, with the tangent ${b} ms, ratio ${c}\n`);
  }
}
