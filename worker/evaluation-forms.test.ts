import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { int } from "../onnx/attribute.ts";
import { guided } from "../onnx/guided.ts";
import { forwardMode, GraphBuilder, type OnnxModel, writeModel } from "../onnx/index.ts";
import { tensor } from "../onnx/tensor.ts";
import { fillNormal } from "../sde/index.ts";
import { runBatch } from "./batch.ts";
import type { GraphSource, RowEvaluation, RowStep } from "./protocol.ts";

// Batches of one thread share their tensors, so the tests are serial.
const test = anyTest.serial as TestFn<{ folder: string }>;

const DIMS = 4;
const SHAPE = ["batch", 1, 2, 2] as const;
const CLASSES = 3;

test.before(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), "scorestream-forms-"));
});

test.after.always((t) => rm(t.context.folder, { recursive: true }));

/** F = x^2 + t, plus what `more` adds. */
function network(more: (graph: GraphBuilder, square: string) => string): OnnxModel {
  const graph = new GraphBuilder("network");
  const x = graph.input("x", "float32", SHAPE);
  const time = graph.input("t", "float32", ["batch"]);
  const axes = graph.initializer("axes", tensor("int64", [3], [1, 2, 3]));
  const column = graph.node("Unsqueeze", [time, axes]);
  const square = graph.node("Add", [graph.node("Mul", [x, x]), column]);
  const output = graph.node("Identity", [more(graph, square)], {}, { name: "F" });
  graph.output(output, "float32", SHAPE);
  return graph.build({ opset: 17 });
}

const plain = network((_, square) => square);

async function sourceOf(
  folder: string,
  key: string,
  model: OnnxModel,
  rest: Partial<GraphSource> = {},
): Promise<GraphSource> {
  const path = join(folder, `${key}.onnx`);
  await writeFile(path, writeModel(model));
  return {
    key,
    path,
    inputName: "x",
    timeName: "t",
    timeType: "float32",
    outputName: "F",
    outputChannels: 1,
    channels: 1,
    height: 2,
    width: 2,
    intraOpThreads: 1,
    ...rest,
  };
}

// Registers: 0 x, 1 v, 2 score, 3 J v.
const X = [1, -2, 3, 0.5];
const V = [2, 1, -1, 4];

/**
 * What evaluations of one batch leave in the registers 2 and 3 of each row.
 *
 * @throws where a batch in runs of two places leaves something else
 */
async function evaluate(source: GraphSource, evaluations: readonly Partial<RowEvaluation>[]) {
  const whole = await evaluateBatch(source, evaluations);
  const inRuns = await evaluateBatch({ ...source, placesPerRun: 2 }, evaluations);
  assert.deepEqual(inRuns, whole);
  return whole;
}

async function evaluateBatch(source: GraphSource, evaluations: readonly Partial<RowEvaluation>[]) {
  const stride = 2 * 4 * DIMS;
  const slab = new Float32Array(new SharedArrayBuffer(4 * stride * evaluations.length));
  const rows = evaluations.map((evaluation, i): RowStep => {
    slab.set(X, i * stride);
    slab.set(V, i * stride + 2 * DIMS);
    return {
      offset: i * stride,
      front: 0,
      allocated: 4,
      lasting: 4,
      seed: 0n,
      sample: 0,
      prepare: [],
      update: [],
      evaluate: {
        input: 0,
        output: 2,
        inputScale: 1,
        time: 0.25,
        scoreFromInput: 0,
        scoreFromOutput: 1,
        ...evaluation,
      },
    };
  });
  const graph = "score"; // a name, for the fault tests alone
  const answer = await runBatch({ kind: "batch", graph, source, rows }, { slab, fillNormal });
  return answer.rows.map(({ written, finite }, i) => {
    const side = (register: number): number[] => {
      const from = i * stride + (2 * register + ((written >> register) & 1)) * DIMS;
      return Array.from(slab.subarray(from, from + DIMS));
    };
    return { score: side(2), derivative: side(3), finite };
  });
}

function near(seen: readonly number[] | undefined, wanted: readonly number[]): boolean {
  return wanted.every((value, e) => Math.abs(value - (seen?.[e] ?? Number.NaN)) < 1e-5);
}

test("a derivative is taken by the chain rule through the network's conventions", async (t) => {
  const tangent = { inputName: "x_tangent", outputName: "F_tangent" };
  const model = forwardMode(plain, { input: "x", output: "F" });
  const source = await sourceOf(t.context.folder, "jvp", model, { tangent });
  const [row, other] = await evaluate(source, [
    {
      inputScale: 3,
      scoreFromInput: 0.5,
      scoreFromOutput: -2,
      tangent: { input: 1, output: 3 },
    },
    { tangent: { input: 1, output: 3 } },
  ]);
  // s = x / 2 - 2 (9 x^2 + t), J v = v / 2 - 36 x v
  t.true(
    near(
      row?.score,
      X.map((x) => x / 2 - 2 * (9 * x * x + 0.25)),
    ),
  );
  t.true(
    near(
      row?.derivative,
      X.map((x, e) => (V[e] ?? 0) / 2 - 36 * x * (V[e] ?? 0)),
    ),
  );
  t.true(
    near(
      other?.derivative,
      X.map((x, e) => 2 * x * (V[e] ?? 0)),
    ),
  );
});

for (const encoding of ["index", "one-hot"] as const) {
  test(`rows of one and of two labels share a batch (${encoding})`, async (t) => {
    // F = x^2 + t + 10 (class + 1); no class, 20
    const model = network((graph, square) => {
      const shape = encoding === "index" ? ["batch"] : ["batch", CLASSES];
      const label = graph.input("y", "int64", shape);
      const real = graph.node("Cast", [label], { to: int(1) });
      const axes = "axes";
      if (encoding === "index") {
        const ten = graph.initializer("ten", tensor("float32", [], [10]));
        const one = graph.initializer("one", tensor("float32", [], [1]));
        const shift = graph.node("Mul", [graph.node("Add", [real, one]), ten]);
        return graph.node("Add", [square, graph.node("Unsqueeze", [shift, axes])]);
      }
      const weights = graph.initializer("weights", tensor("float32", [CLASSES], [10, 20, 30]));
      const last = graph.initializer("last", tensor("int64", [1], [1]));
      const shift = graph.node("ReduceSum", [graph.node("Mul", [real, weights]), last], {
        keepdims: int(0),
      });
      return graph.node("Add", [square, graph.node("Unsqueeze", [shift, axes])]);
    });
    const classInput = { name: "y", encoding, type: "int64", classes: CLASSES } as const;
    const source = await sourceOf(t.context.folder, `labels-${encoding}`, model, { classInput });
    const free = encoding === "index" ? 2 : -1;
    const unconditional = encoding === "index" ? 30 : 0;
    const rows = await evaluate(source, [
      { labels: [{ label: 1, weight: 1 }] },
      {
        labels: [
          { label: 0, weight: 3 },
          { label: free, weight: -2 },
        ],
      },
      { labels: [{ label: 0, weight: 1 }], time: 7 },
    ]);
    const expected = (shift: number, time = 0.25): number[] => X.map((x) => x * x + time + shift);
    t.true(near(rows[0]?.score, expected(20)));
    t.true(near(rows[1]?.score, expected(3 * 10 - 2 * unconditional)));
    t.true(near(rows[2]?.score, expected(10, 7)));
  });
}

test("rows with different classes and scales share a guided batch", async (t) => {
  const graph = new GraphBuilder("classifier");
  const x = graph.input("x", "float32", SHAPE);
  graph.input("s", "float32", ["batch"]);
  const flat = graph.node("Flatten", [x], { axis: int(1) });
  const values = [1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 1];
  const weights = graph.initializer("W", tensor("float32", [DIMS, CLASSES], values));
  const logits = graph.node("MatMul", [flat, weights], {}, { name: "logits" });
  graph.output(logits, "float32", ["batch", CLASSES]);
  const classifier = graph.build({ opset: 17 });
  const model = guided(plain, classifier, {
    scoreOutput: "F",
    classifier: { input: "x", output: "logits", kind: "logits" },
  });
  const source = await sourceOf(t.context.folder, "guided", model, {
    classifier: {
      inputName: "classifier_x",
      timeName: "classifier_s",
      timeType: "float32",
      labelName: "label",
      gradientName: "classifier_x_gradient",
    },
  });
  const guidance = (label: number, scale: number, inputScale = 0.5) => ({
    guidance: { label, scale, inputScale, time: 0 },
  });
  const rows = await evaluate(source, [guidance(0, 2), guidance(2, 1), guidance(1, 0.5, 0.25)]);
  /** x^2 + t + scale c W (onehot - softmax(W^T c x)) */
  const expected = (label: number, scale: number, c = 0.5): number[] => {
    const scores = Array.from({ length: CLASSES }, (_, k) =>
      X.reduce((sum, value, e) => sum + c * value * (values[e * CLASSES + k] ?? 0), 0),
    );
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return X.map((value, e) => {
      const slope = scores.reduce((sum, score, k) => {
        const residual = (k === label ? 1 : 0) - Math.exp(score) / total;
        return sum + residual * (values[e * CLASSES + k] ?? 0);
      }, 0);
      return value * value + 0.25 + scale * c * slope;
    });
  };
  t.true(near(rows[0]?.score, expected(0, 2)));
  t.true(near(rows[1]?.score, expected(2, 1)));
  t.true(near(rows[2]?.score, expected(1, 0.5, 0.25)));
});

test("a derivative that is not finite is told", async (t) => {
  const tangent = { inputName: "x_tangent", outputName: "F_tangent" };
  const model = forwardMode(plain, { input: "x", output: "F" });
  const source = await sourceOf(t.context.folder, "jvp", model, { tangent });
  const [good, bad] = await evaluate(source, [
    { tangent: { input: 1, output: 3 } },
    // At x = 0 the score is t; J v is 1e38 v and no float32.
    { input: 3, scoreFromInput: 1e38, tangent: { input: 1, output: 0 } },
  ]);
  t.true(good?.finite);
  t.false(bad?.finite);
});
