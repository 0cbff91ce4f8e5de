import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { withOutputs } from "../onnx/compose.ts";
import { guided } from "../onnx/guided.ts";
import { logProbabilityGradient } from "../onnx/log-probability-gradient.ts";
import { type OnnxModel, readModel, writeModel } from "../onnx/model-file.ts";
import { normals, uniforms } from "./derivative-proof-inputs.ts";

const PATH = { input: "x", output: "logits", kind: "logits" } as const;
const ROWS = 3;

/** Compiled, this file is dist/worker/derivative-guided.test.js. */
async function digits(file: string): Promise<OnnxModel> {
  const path = new URL(`../../models/color-digits/${file}`, import.meta.url);
  return readModel(await readFile(fileURLToPath(path)));
}

async function run(
  model: OnnxModel,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, readonly number[]>> {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await InferenceSession.create(writeModel(model), options);
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

const pictures = (seed: number): Tensor =>
  new Tensor("float32", Float32Array.from(normals(seed, ROWS * 3072)), [ROWS, 3, 32, 32]);
const times = (seed: number): Tensor =>
  new Tensor("float32", Float32Array.from(uniforms(seed, ROWS)), [ROWS]);
const labels = (...values: readonly number[]): Tensor =>
  new Tensor("int64", BigInt64Array.from(values, BigInt), [ROWS]);

test("one run gives what the score network and the classifier give apart", async (t) => {
  const [score, classifier] = [await digits("score.onnx"), await digits("classifier.onnx")];
  const gradient = logProbabilityGradient(classifier, PATH);
  const both = guided(score, classifier, { scoreOutput: "F", classifier: PATH });
  const apart = {
    score: { x: pictures(1), c_noise: times(2) },
    classifier: { x: pictures(3), c_noise: times(4) },
    label: labels(7, 0, 9),
  };
  const [f, g, together] = [
    await run(score, apart.score),
    await run(gradient, { ...apart.classifier, label: apart.label }),
    await run(both, {
      ...apart.score,
      classifier_x: apart.classifier.x,
      classifier_c_noise: apart.classifier.c_noise,
      label: apart.label,
    }),
  ];
  t.deepEqual(Object.keys(together), ["F", "classifier_x_gradient"]);
  t.deepEqual(together.F, f.F);
  t.deepEqual(together.classifier_x_gradient, g.x_gradient);
  const known = await run(classifier, apart.classifier);
  const largest = Math.max(...(known.logits ?? []).map(Math.abs));
  const off = (g.logits ?? []).map((value, i) => Math.abs(value - (known.logits?.[i] ?? 0)));
  t.true(Math.max(...off) < 1e-5 * largest, "the logits of the graph with the gradient");
});

test("each row's gradient is that of its own label", async (t) => {
  const only = withOutputs(logProbabilityGradient(await digits("classifier.onnx"), PATH), [
    "x_gradient",
  ]);
  const inputs = { x: pictures(5), c_noise: times(6) };
  const first = (await run(only, { ...inputs, label: labels(1, 2, 3) })).x_gradient ?? [];
  const second = (await run(only, { ...inputs, label: labels(1, 8, 3) })).x_gradient ?? [];
  const row = (values: readonly number[], i: number): readonly number[] =>
    values.slice(i * 3072, (i + 1) * 3072);
  t.deepEqual(row(first, 0), row(second, 0));
  t.notDeepEqual(row(first, 1), row(second, 1));
  t.deepEqual(row(first, 2), row(second, 2));
});
