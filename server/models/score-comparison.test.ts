import { join } from "node:path";
import test from "ava";
import { loadModel } from "./load-model.ts";
import type { Model } from "./model.ts";
import { type KnownScores, scoreErrors } from "./score-comparison.ts";
import {
  EXAMPLE_GRAPH,
  type Json,
  merge,
  withFolder,
  writeModelFolder,
} from "./test-model-folder.ts";

const ROWS = 2;
const SIZE = 3 * 4 * 4;

/** The example's network gives back its input; as noise n = x, so that the score is -x / std. */
async function noiseModel(root: string): Promise<Model> {
  await writeModelFolder(root, "example", { manifest: merge("score.output", { kind: "noise" }) });
  const { model, findings } = await loadModel(join(root, "example"));
  if (model === undefined) throw new Error(JSON.stringify(findings));
  return model;
}

function known({ process }: Model, factor: number): KnownScores {
  const x = Array.from({ length: ROWS * SIZE }, (_, i) => Math.fround(Math.sin(i)));
  const points = [0, 0.01, 0.5, 1].map((t) => {
    const { std } = process.marginal(t === 0 ? process.samplingEps : t);
    return { t, x, score: x.map((value) => (-factor * value) / std) };
  });
  return { rows: ROWS, points };
}

test("known scores are those of the manifest's conventions, at every time", async (t) => {
  await withFolder(async (root) => {
    const model = await noiseModel(root);
    const errors = await scoreErrors(model, known(model, 1));
    t.deepEqual(
      errors.map((one) => one.t),
      [0, 0.01, 0.5, 1],
    );
    // The input and the output are float32, all else is float64.
    for (const { error } of errors) t.true(error < 1e-6, `${error}`);
  });
});

test("a network that takes a class needs each row's", async (t) => {
  const { inputs, outputs } = EXAMPLE_GRAPH;
  const graph = { inputs: { ...inputs, y: ["int64", ["batch"]] as const }, outputs };
  const manifest = (json: Json): void => {
    merge("score", { class: { name: "y", encoding: "index" } })(json);
    merge("score.output", { kind: "noise" })(json);
    Object.assign(json, { classes: ["dark", "light"] });
  };
  await withFolder(async (root) => {
    await writeModelFolder(root, "example", { graph, manifest });
    const { model, findings } = await loadModel(join(root, "example"));
    if (model === undefined) throw new Error(JSON.stringify(findings));
    await t.throwsAsync(scoreErrors(model, known(model, 1)), {
      instanceOf: RangeError,
      message: "labels: seen 0, expected 2, for the network takes a class",
    });
    for (const { error } of await scoreErrors(model, { ...known(model, 1), labels: [0, 1] })) {
      t.true(error < 1e-6, `${error}`);
    }
  });
});

test("another sign is an error of 2", async (t) => {
  await withFolder(async (root) => {
    const model = await noiseModel(root);
    for (const { error } of await scoreErrors(model, known(model, -1))) {
      t.true(Math.abs(error - 2) < 1e-6, `${error}`);
    }
  });
});

test("a NaN is an error, not a match", async (t) => {
  await withFolder(async (root) => {
    const model = await noiseModel(root);
    const { rows, points } = known(model, 1);
    const broken = points.map((point) => ({ ...point, score: point.score.with(40, Number.NaN) }));
    for (const { error } of await scoreErrors(model, { rows, points: broken }))
      t.is(error, Number.NaN);
  });
});

test("pictures of another size are refused, with both numbers", async (t) => {
  await withFolder(async (root) => {
    const model = await noiseModel(root);
    const points = [{ t: 0.5, x: [1, 2, 3], score: [1, 2, 3] }];
    await t.throwsAsync(scoreErrors(model, { rows: ROWS, points }), {
      instanceOf: RangeError,
      message: "t = 0.5: seen 3 values, expected 2 rows of 48",
    });
  });
});
