import test from "ava";
import { int, ints } from "../onnx/attribute.ts";
import { forwardMode } from "../onnx/forward.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { type OnnxModel, writeModel } from "../onnx/model-file.ts";
import { tensor } from "../onnx/tensor.ts";
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

/** Two layers with kinks in every element. `broken`: with the tangent of one Relu let through. */
function network(broken: boolean): { readonly source: OnnxModel; readonly derived: OnnxModel } {
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
  const derived = forwardMode(source, PATH);
  const node = derived.graph.node.map((entry) =>
    broken && entry.output[0]?.startsWith("second_relu_tangent") && entry.opType === "Where"
      ? { ...entry, opType: "Identity", input: entry.input.slice(1, 2) }
      : entry,
  );
  return { source, derived: { ...derived, graph: { ...derived.graph, node } } };
}

test("a network of kinks proves itself by its mean along a line, and a wrong one doesn't", async (t) => {
  const right = network(false);
  const proof = await proveTangent(writeModel(right.source), writeModel(right.derived), PATH);
  t.true(proof.accepted, JSON.stringify(proof));
  t.true(proof.points > 1);
  const wrong = network(true);
  const refused = await proveTangent(writeModel(wrong.source), writeModel(wrong.derived), PATH);
  t.false(refused.accepted);
});
