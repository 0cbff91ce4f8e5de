import test from "ava";
import { int, ints } from "../onnx/attribute.ts";
import { forwardMode } from "../onnx/forward.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { type OnnxModel, writeModel } from "../onnx/model-file.ts";
import { reverseMode } from "../onnx/reverse.ts";
import { tensor } from "../onnx/tensor.ts";
import { proveCotangent } from "./derivative-gradient-proof.ts";
import { proveTangent } from "./derivative-proof.ts";
import { normals } from "./derivative-proof-inputs.ts";
import { Loaded } from "./derivative-testing.ts";

const PATH = { input: "x", output: "y" };

/** y of x [1, 1, 2, 2]. */
function model(build: (graph: GraphBuilder, x: string) => string): OnnxModel {
  const graph = new GraphBuilder("g");
  const y = build(graph, graph.input("x", "float32", [1, 1, 2, 2]));
  graph.node("Identity", [y], {}, { name: "y" });
  graph.output("y", "float32", [1, 1, 2, 2]);
  const built = graph.build({ opset: 17 });
  if (built.graph.output[0]?.type?.tensorType)
    built.graph.output[0].type.tensorType.shape = undefined;
  return built;
}

/** J v at x = [1, 1, 0, -1] for v = [1, 2, 3, 4]. */
async function tangent(build: (graph: GraphBuilder, x: string) => string): Promise<number[]> {
  const derived = await Loaded.of(forwardMode(model(build), PATH), "float32");
  const shape = [1, 1, 2, 2];
  const outputs = await derived.run({
    x: { values: [1, 1, 0, -1], shape },
    x_tangent: { values: [1, 2, 3, 4], shape },
  });
  await derived.release();
  return outputs.y_tangent?.values ?? [];
}

/** J^T w at the same place, for w = [1, -2, 3, 5] or as much of it as y has elements. */
async function cotangent(build: (graph: GraphBuilder, x: string) => string): Promise<number[]> {
  const original = await Loaded.of(model(build), "float32");
  const x = { values: [1, 1, 0, -1], shape: [1, 1, 2, 2] };
  const { values = [], dims = [] } = (await original.run({ x })).y ?? {};
  await original.release();
  const derived = await Loaded.of(reverseMode(model(build), PATH), "float32");
  const w = { values: W.slice(0, values.length), shape: dims };
  const outputs = await derived.run({ x, y_cotangent: w });
  await derived.release();
  return outputs.x_cotangent?.values ?? [];
}

const W = [1, -2, 3, 5];

function innerProduct(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

const scalar = (graph: GraphBuilder, name: string, value: number): string =>
  graph.initializer(name, tensor("float32", [], [value]));

test("at a kink the derivative is one of a side's, or between, and never counts twice", async (t) => {
  t.deepEqual(await tangent((g, x) => g.node("Relu", [x])), [1, 2, 0, 0]);
  t.deepEqual(await tangent((g, x) => g.node("Abs", [x])), [1, 2, 0, -4]);
  t.deepEqual(await tangent((g, x) => g.node("Max", [x, x])), [1, 2, 3, 4]);
  t.deepEqual(await tangent((g, x) => g.node("Max", [x, g.node("Identity", [x])])), [1, 2, 3, 4]);
  t.deepEqual(await tangent((g, x) => g.node("Min", [x, scalar(g, "zero", 0)])), [0, 0, 3, 4]);
  const clip = (g: GraphBuilder, x: string): string =>
    g.node("Clip", [x, scalar(g, "low", 0), scalar(g, "high", 1)]);
  t.deepEqual(await tangent(clip), [1, 2, 3, 0]);
});

test("equal maxima share the derivative of a reduction; of a pool's the first has it", async (t) => {
  t.deepEqual(await tangent((g, x) => g.node("ReduceMax", [x], { keepdims: int(1) })), [1.5]);
  t.deepEqual(await tangent((g, x) => g.node("GlobalMaxPool", [x])), [1.5]);
  const pool = { kernel_shape: ints([2, 2]) };
  t.deepEqual(await tangent((g, x) => g.node("MaxPool", [x], pool)), [1]);
});

const AT_KINKS: Readonly<Record<string, (graph: GraphBuilder, x: string) => string>> = {
  Relu: (g, x) => g.node("Relu", [x]),
  Abs: (g, x) => g.node("Abs", [x]),
  Max: (g, x) => g.node("Max", [x, g.node("Identity", [x])]),
  Min: (g, x) => g.node("Min", [x, scalar(g, "zero", 0)]),
  Clip: (g, x) => g.node("Clip", [x, scalar(g, "low", 0), scalar(g, "high", 1)]),
  ReduceMax: (g, x) => g.node("ReduceMax", [x], { keepdims: int(1) }),
  GlobalMaxPool: (g, x) => g.node("GlobalMaxPool", [x]),
  MaxPool: (g, x) => g.node("MaxPool", [x], { kernel_shape: ints([2, 2]) }),
};

for (const [operator, build] of Object.entries(AT_KINKS)) {
  test(`at a kink of ${operator} both modes are of one matrix`, async (t) => {
    const [forward, reverse] = [await tangent(build), await cotangent(build)];
    t.true(forward.some((value) => value !== 0));
    t.is(innerProduct(W, forward), innerProduct(reverse, [1, 2, 3, 4]));
  });
}

/** Two layers with kinks in every element. `broken`: with the derivative of one Relu let through. */
function network(
  broken: boolean,
  derive: (source: OnnxModel, path: typeof PATH) => OnnxModel,
  suffix: string,
): { readonly source: OnnxModel; readonly derived: OnnxModel } {
  const graph = new GraphBuilder("g");
  const layer = (value: string, name: string, seed: number): string => {
    const numbers = Float32Array.from(normals(seed, 16 * 16 * 9), (number) => number / 8);
    const w = graph.initializer(name, tensor("float32", [16, 16, 3, 3], numbers));
    const z = graph.node("Conv", [value, w], { pads: ints([1, 1, 1, 1]) });
    return graph.node("Relu", [z], {}, { name: `${name}_relu` });
  };
  const x = graph.input("x", "float32", ["batch", 16, 8, 8]);
  const a = graph.node("MaxPool", [layer(x, "first", 1)], {
    kernel_shape: ints([2, 2]),
    strides: ints([2, 2]),
  });
  const b = layer(a, "second", 2);
  graph.node("GlobalAveragePool", [b], {}, { name: "y" });
  graph.output("y", "float32", ["batch", 16, 1, 1]);
  const source = graph.build({ opset: 17 });
  const derived = derive(source, PATH);
  const node = derived.graph.node.map((entry) =>
    broken && entry.output[0]?.startsWith(`second_relu_${suffix}`) && entry.opType === "Where"
      ? { ...entry, opType: "Identity", input: entry.input.slice(1, 2) }
      : entry,
  );
  return { source, derived: { ...derived, graph: { ...derived.graph, node } } };
}

/** With a tolerance that differences over small steps don't reach. */
const MODES = [
  ["forward", forwardMode, "tangent", proveTangent, 3e-3],
  ["reverse", reverseMode, "cotangent", proveCotangent, 2.4e-3],
] as const;

for (const [mode, derive, suffix, prove, tolerance] of MODES) {
  test(`${mode}: a network of kinks proves itself by its mean along a line, a wrong one doesn't`, async (t) => {
    const right = network(false, derive, suffix);
    const proof = await prove(writeModel(right.source), writeModel(right.derived), PATH, {
      tolerance,
    });
    t.true(proof.accepted, JSON.stringify(proof));
    t.true(proof.points > 1);
    t.log(`error ${proof.error.toExponential(1)} at ${proof.points} places`);
    const wrong = network(true, derive, suffix);
    const refused = await prove(writeModel(wrong.source), writeModel(wrong.derived), PATH);
    t.false(refused.accepted);
  });
}
