import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import anyTest, { type TestFn } from "ava";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { int } from "../onnx/attribute.ts";
import { TensorProto, TensorProto_DataLocation } from "../onnx/gen/onnx.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { writeModel } from "../onnx/model-file.ts";
import { tensor } from "../onnx/tensor.ts";
import { diffusedMixture, mixtureScoreTangent } from "../sde/index.ts";
import { normals } from "./derivative-proof-inputs.ts";
import { mixture, process as vp } from "./testing.ts";

/** What the command writes, used as any ONNX file and compared with what was computed another way. */
const test = anyTest as TestFn<{ folder: string }>;

/** Compiled, this file is dist/worker/derive-file.test.js. */
const root = fileURLToPath(new URL("../../", import.meta.url));
const digits = (file: string): string => join(root, "models/color-digits", file);

test.beforeEach(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), "derive-"));
});

test.afterEach.always((t) => rm(t.context.folder, { recursive: true }));

function derive(...args: readonly string[]): Promise<unknown> {
  const command = [join(root, "dist/clients/cli/main.js"), "derive", ...args];
  return promisify(execFile)(process.execPath, command);
}

type Numbers = Readonly<Record<string, Float32Array>>;

async function run(file: string, feeds: Readonly<Record<string, Tensor>>): Promise<Numbers> {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await InferenceSession.create(file, options);
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
  );
}

const float32 = (values: ArrayLike<number>, ...dims: readonly number[]): Tensor =>
  new Tensor("float32", Float32Array.from(values), dims);

/** |a - b| / |b|, NaN where they are not of one length. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from(b, (value, i) => [(a[i] ?? Number.NaN) - value, value] as const);
  if (a.length !== b.length) return Number.NaN;
  return Math.hypot(...pairs.map(([off]) => off)) / Math.hypot(...pairs.map(([, value]) => value));
}

const moved = (x: ArrayLike<number>, v: ArrayLike<number>, s: number): Float64Array =>
  Float64Array.from(x, (value, i) => value + s * v[i]!);

for (const mode of ["jvp", "vjp"]) {
  test(`${mode} of a Gaussian mixture is that of its closed form`, async (t) => {
    const file = join(t.context.folder, "mixture.onnx");
    await derive(
      `--${mode}`,
      join(root, "models/gaussian-mixture-vp/score.onnx"),
      "--output",
      file,
    );
    // float32 keeps labels to 1e-7, so that times below are those that the graph sees.
    const times = [0.05, 0.3, 0.6, 0.9];
    const [x, v] = [normals(1, 4 * 48), normals(2, 4 * 48)];
    const given = mode === "jvp" ? "x_tangent" : "noise_cotangent";
    const made = mode === "jvp" ? "noise_tangent" : "x_cotangent";
    const outputs = await run(file, {
      x: float32(x, 4, 3, 4, 4),
      label: float32(
        times.map((time) => 999 * time),
        4,
      ),
      [given]: float32(v, 4, 3, 4, 4),
    });
    for (const [row, time] of times.entries()) {
      const part = <T extends Float32Array | Float64Array>(values: T): T =>
        values.subarray(48 * row, 48 * (row + 1)) as T;
      const marginal = vp.marginal(time);
      // The network gives -std times the score, whose derivative, a Hessian of log p, is its own transpose.
      const expected = mixtureScoreTangent(
        diffusedMixture(mixture, marginal),
        part(x),
        part(v),
      ).map((value) => -marginal.std * value);
      const error = distance(part(outputs[made]!), expected);
      t.true(error < 1e-4, `t = ${time}: ${error}`);
    }
  });
}

test("the jvp of color-digits is what its output changes by", async (t) => {
  const file = join(t.context.folder, "jvp.onnx");
  await derive("--jvp", digits("score.onnx"), "--output", file);
  const [x, v] = [normals(3, 2 * 3072), normals(4, 2 * 3072)];
  const at = (values: ArrayLike<number>): Record<string, Tensor> => ({
    x: float32(values, 2, 3, 32, 32),
    c_noise: float32([-0.6, 0.4], 2),
  });
  const derived = await run(file, { ...at(x), x_tangent: float32(v, 2, 3, 32, 32) });
  const score = (s: number): Promise<Numbers> => run(digits("score.onnx"), at(moved(x, v, s)));
  t.true(distance(derived.F!, (await score(0)).F!) < 1e-5);
  const h = 1 / 64;
  const [above, below] = [(await score(h)).F!, (await score(-h)).F!];
  const difference = above.map((value, i) => (value - below[i]!) / (2 * h));
  const error = distance(derived.F_tangent!, difference);
  t.true(error < 3e-3, String(error));
});

test("the guided file of color-digits gives the score and climbs each row's own label", async (t) => {
  const file = join(t.context.folder, "guided.onnx");
  await derive("--guided", digits("score.onnx"), digits("classifier.onnx"), "--output", file);
  const labels = [3, 8];
  const [x, y, v] = [normals(5, 2 * 3072), normals(6, 2 * 3072), normals(7, 2 * 3072)];
  const score = { x: float32(x, 2, 3, 32, 32), c_noise: float32([-0.2, 0.5], 2) };
  const noise = float32([-0.5, 0.1], 2);
  const derived = await run(file, {
    ...score,
    classifier_x: float32(y, 2, 3, 32, 32),
    classifier_c_noise: noise,
    label: new Tensor("int64", BigInt64Array.from(labels, BigInt), [2]),
  });
  t.true(distance(derived.F!, (await run(digits("score.onnx"), score)).F!) < 1e-6);

  const logProbability = async (s: number): Promise<readonly number[]> => {
    const feeds = { x: float32(moved(y, v, s), 2, 3, 32, 32), c_noise: noise };
    const { logits } = await run(digits("classifier.onnx"), feeds);
    return labels.map((label, row) => {
      const own = logits!.slice(10 * row, 10 * (row + 1));
      return own[label]! - Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0));
    });
  };
  const h = 1 / 64;
  const [above, below] = [await logProbability(h), await logProbability(-h)];
  for (const row of labels.keys()) {
    const difference = (above[row]! - below[row]!) / (2 * h);
    const gradient = derived.classifier_x_gradient!.subarray(3072 * row, 3072 * (row + 1));
    const along = gradient.reduce((sum, value, i) => sum + value * v[3072 * row + i]!, 0);
    t.true(Math.abs(along - difference) < 5e-3 * Math.abs(difference), `${along}, ${difference}`);
  }
});

test("weights beside a file are read, and lie in the derived one", async (t) => {
  const { folder } = t.context;
  const weights = Float32Array.of(0.5, -1, 2);
  const graph = new GraphBuilder("weighted");
  const x = graph.input("x", "float32", ["batch", 3]);
  const w = graph.initializer(
    "w",
    TensorProto.create({
      dataType: 1,
      dims: [3n],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [{ key: "location", value: "weights.bin" }],
    }),
  );
  const terms = graph.node("Mul", [w, graph.node("Mul", [x, x])]);
  const axis = graph.initializer("axis", tensor("int64", [1], [1]));
  graph.node("ReduceSum", [terms, axis], { keepdims: int(0) }, { name: "energy" });
  graph.output("energy", "float32", ["batch"]);
  await writeFile(join(folder, "energy.onnx"), writeModel(graph.build({ opset: 17 })));
  await writeFile(join(folder, "weights.bin"), Buffer.from(weights.buffer));
  await derive("--grad", join(folder, "energy.onnx"));
  await rm(join(folder, "weights.bin"));
  const outputs = await run(join(folder, "energy.grad.onnx"), {
    x: float32([1, 2, 3, -1, 0, 4], 2, 3),
  });
  // f = sum_i w_i x_i^2, its gradient 2 w_i x_i: exact in float32 (+ 0 takes the sign from -0).
  t.deepEqual([...outputs.energy!], [14.5, 32.5]);
  t.deepEqual(
    [...outputs.x_gradient!].map((value) => value + 0),
    [1, -4, 12, -1, 0, 16],
  );
});
