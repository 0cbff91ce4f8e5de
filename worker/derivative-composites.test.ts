import test from "ava";
import { float, ints } from "../onnx/attribute.ts";
import { forwardMode } from "../onnx/forward.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { type OnnxModel, writeModel } from "../onnx/model-file.ts";
import { reverseMode } from "../onnx/reverse.ts";
import { tensor } from "../onnx/tensor.ts";
import { proveCotangent } from "./derivative-gradient-proof.ts";
import { proveTangent } from "./derivative-proof.ts";

const PATH = { input: "x", output: "y" };

/**
 * Smooth functions of few elements: the extrapolated differences' own error, which is that of rounding over the step,
 * is about 1e-5.
 */
const TOLERANCE = 1e-4;

function model(opset: number, build: (graph: GraphBuilder, x: string) => string): OnnxModel {
  const graph = new GraphBuilder("g");
  const y = build(graph, graph.input("x", "float32", ["batch", 4, 5, 3]));
  graph.node("Identity", [y], {}, { name: "y" });
  graph.output("y", "float32", ["batch", 4, 5, 3]);
  return graph.build({ opset });
}

const list = (graph: GraphBuilder, name: string, values: readonly number[]): string =>
  graph.initializer(name, tensor("int64", [values.length], values));

/** x as PyTorch's nn.GroupNorm(2, 4) has it in opset 17, without weight and bias. */
function normalized(graph: GraphBuilder, x: string): string {
  const ones = graph.initializer("ones", tensor("float32", [2], [1, 1]));
  const zeros = graph.initializer("zeros", tensor("float32", [2], [0, 0]));
  const rows = graph.node("Reshape", [x, list(graph, "grouped", [0, 2, -1])]);
  const epsilon = { epsilon: float(0.01) };
  const n = graph.node("InstanceNormalization", [rows, ones, zeros], epsilon);
  return graph.node("Reshape", [n, list(graph, "whole", [-1, 4, 5, 3])]);
}

const weights = (graph: GraphBuilder, shape: readonly number[]): string =>
  graph.initializer("w", tensor("float32", shape, [1, -2, 0.5, 3]));

/** Means over the picture: one number a channel of each row, and a part of x. */
const means = (graph: GraphBuilder, x: string): string =>
  graph.node("GlobalAveragePool", [graph.node("Exp", [x])]);

const FORMS: Readonly<Record<string, (graph: GraphBuilder, x: string) => string>> = {
  "x sigmoid(x)": (g, x) => g.node("Mul", [x, g.node("Sigmoid", [x])]),
  "sigmoid(x) x": (g, x) => g.node("Mul", [g.node("Sigmoid", [x]), x]),
  "x sigmoid(x), its sigmoid read twice": (g, x) => {
    const s = g.node("Sigmoid", [x]);
    return g.node("Sub", [g.node("Mul", [x, s]), s]);
  },
  "sigmoid(x) of another value": (g, x) =>
    g.node("Mul", [g.node("Sin", [x]), g.node("Sigmoid", [x])]),
  "group normalisation, a weight a channel": (g, x) =>
    g.node("Mul", [normalized(g, x), weights(g, [4, 1, 1])]),
  "group normalisation, weights first": (g, x) =>
    g.node("Mul", [weights(g, [1, 4, 1, 1]), normalized(g, x)]),
  "group normalisation, weights that depend on x": (g, x) =>
    g.node("Mul", [normalized(g, x), means(g, x)]),
  "group normalisation, a weight an element": (g, x) =>
    g.node("Mul", [normalized(g, x), g.node("Cos", [x])]),
  "group normalisation, read twice": (g, x) => {
    const n = normalized(g, x);
    return g.node("Add", [g.node("Mul", [n, weights(g, [4, 1, 1])]), n]);
  },
  "group normalisation, bias and SiLU": (g, x) => {
    const scaled = g.node("Mul", [normalized(g, x), weights(g, [4, 1, 1])]);
    const a = g.node("Add", [scaled, means(g, x)]);
    return g.node("Mul", [a, g.node("Sigmoid", [a])]);
  },
  "of a value whose rank changes between": (g, x) => {
    const turned = g.node("Transpose", [x], { perm: ints([0, 1, 3, 2]) });
    const back = g.node("Reshape", [turned, list(g, "back", [0, 4, 5, 3])]);
    return g.node("Mul", [normalized(g, back), weights(g, [4, 1, 1])]);
  },
};

for (const [form, build] of Object.entries(FORMS)) {
  for (const opset of [13, 18, 21]) {
    test(`opset ${opset}: ${form}`, async (t) => {
      const source = model(opset, build);
      const options = { tolerance: TOLERANCE, rows: 3 };
      const tangent = writeModel(forwardMode(source, PATH));
      const cotangent = writeModel(reverseMode(source, PATH));
      for (const proof of [
        await proveTangent(writeModel(source), tangent, PATH, options),
        await proveCotangent(writeModel(source), cotangent, PATH, options),
      ]) {
        t.true(proof.accepted, JSON.stringify(proof));
        t.true(proof.valueError < 1e-6);
      }
    });
  }
}
