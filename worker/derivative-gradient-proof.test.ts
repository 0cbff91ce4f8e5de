import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { int, ints } from "../onnx/attribute.ts";
import { NodeProto } from "../onnx/gen/onnx.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { guided } from "../onnx/guided.ts";
import { type ClassifierPath, logProbabilityGradient } from "../onnx/log-probability-gradient.ts";
import { type OnnxModel, readModel, writeModel } from "../onnx/model-file.ts";
import { gradientMode, reverseMode } from "../onnx/reverse.ts";
import { tensor } from "../onnx/tensor.ts";
import {
  proveCotangent,
  proveGradient,
  proveGuided,
  proveLogProbabilityGradient,
} from "./derivative-gradient-proof.ts";
import { DERIVATIVE_TOLERANCE } from "./derivative-proof.ts";

/** Compiled, this file is dist/worker/derivative-gradient-proof.test.js. */
function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../models/${file}`, import.meta.url));
}

const SCORE = pathOf("color-digits/score.onnx");
const CLASSIFIER = pathOf("color-digits/classifier.onnx");
const CLASSIFIER_PATH: ClassifierPath = { input: "x", output: "logits", kind: "logits" };

async function read(file: string): Promise<OnnxModel> {
  return readModel(await readFile(file));
}

const MODELS = [
  ["color-digits/score.onnx", "F"],
  ["color-digits/classifier.onnx", "logits"],
  ["gaussian-mixture-ve/score.onnx", "score"],
  ["gaussian-mixture-vp/score.onnx", "noise"],
  ["gaussian-mixture-subvp/score.onnx", "score"],
] as const;

for (const [file, output] of MODELS) {
  test(`the cotangent of ${file} proves itself`, async (t) => {
    const path = { input: "x", output };
    const derived = writeModel(reverseMode(await read(pathOf(file)), path));
    // The VP mixture takes 999 t; times of the others may be in (0, 1).
    const values = (name: string): number[] | undefined =>
      name === "label" ? [150, 300, 600, 900] : undefined;
    const proof = await proveCotangent(pathOf(file), derived, path, { values });
    t.log(`error ${proof.error.toExponential(1)} at step ${proof.step}`);
    t.true(proof.accepted, JSON.stringify(proof));
    t.true(proof.valueError < 1e-6);
  });
}

test("the gradient of a classifier's log-probability proves itself, and guidance with it", async (t) => {
  const classifier = await read(CLASSIFIER);
  const derived = writeModel(logProbabilityGradient(classifier, CLASSIFIER_PATH));
  const proof = await proveLogProbabilityGradient(CLASSIFIER, derived, CLASSIFIER_PATH);
  t.true(proof.accepted, JSON.stringify(proof));
  t.true(proof.valueError < 1e-6);

  const options = { scoreOutput: "F", classifier: CLASSIFIER_PATH };
  const both = writeModel(guided(await read(SCORE), classifier, options));
  const files = { score: SCORE, classifier: CLASSIFIER, derived: both };
  const whole = await proveGuided(files, options);
  t.log(`errors ${proof.error.toExponential(1)}, ${whole.error.toExponential(1)}`);
  t.true(whole.accepted, JSON.stringify(whole));
  t.is(whole.valueError, 0);
});

/** log p of three classes, an energy and its sum over the classes' column, of x [batch, 2, 4, 4]; smooth. */
function smallNetwork(): OnnxModel {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", ["batch", 2, 4, 4]);
  const features = graph.node("Flatten", [graph.node("Tanh", [x])], { axis: int(1) });
  const logits = graph.node("Tanh", [graph.node("Slice", [features, ...bounds(graph)])]);
  graph.node("LogSoftmax", [logits], { axis: int(1) }, { name: "log_p" });
  const squares = { axes: ints([1]), keepdims: int(0) };
  graph.node("ReduceSumSquare", [features], squares, { name: "energy" });
  graph.node("ReduceLogSumExp", [features], { axes: ints([1]) }, { name: "column" });
  graph.output("log_p", "float32", ["batch", 3]);
  graph.output("energy", "float32", ["batch"]);
  graph.output("column", "float32", ["batch", 1]);
  return graph.build({ opset: 17 });
}

function bounds(graph: GraphBuilder): string[] {
  return [2, 11, 1, 3].map((value, i) =>
    graph.initializer(`bound${i}`, tensor("int64", [1], [value])),
  );
}

test("one number a row, and log-probabilities, prove themselves", async (t) => {
  const source = smallNetwork();
  for (const output of ["energy", "column"]) {
    const path = { input: "x", output };
    const derived = writeModel(gradientMode(source, path));
    const proof = await proveGradient(writeModel(source), derived, path);
    t.true(proof.accepted, JSON.stringify(proof));
  }
  const path = { input: "x", output: "log_p", kind: "log-probabilities" } as const;
  const derived = writeModel(logProbabilityGradient(source, path));
  const proof = await proveLogProbabilityGradient(writeModel(source), derived, path);
  t.true(proof.accepted, JSON.stringify(proof));
  const asLogits = writeModel(logProbabilityGradient(source, { ...path, kind: "logits" }));
  const same = await proveLogProbabilityGradient(writeModel(source), asLogits, path);
  t.true(same.accepted, "log-probabilities are logits too");
});

/** What goes wrong in a rule: one node that is not the source's does something else. */
const DEFECTS: readonly {
  readonly name: string;
  readonly defect: (model: OnnxModel) => OnnxModel;
}[] = [
  { name: "a difference became a sum", defect: (model) => withOther(model, "Sub", "Add") },
  {
    name: "a mean became a maximum",
    defect: (model) => withOther(model, "ReduceMean", "ReduceMax"),
  },
  { name: "a consumer is forgotten", defect: withoutTerm },
  { name: "the sign is wrong", defect: (model) => withLast(model, "Neg") },
  { name: "it is not a number", defect: (model) => withLast(model, "Log") },
];

for (const { name, defect } of DEFECTS) {
  test(`a gradient is refused where ${name}`, async (t) => {
    const wrong = defect(logProbabilityGradient(await read(CLASSIFIER), CLASSIFIER_PATH));
    const proof = await proveLogProbabilityGradient(CLASSIFIER, writeModel(wrong), CLASSIFIER_PATH);
    t.false(proof.accepted);
    t.true(proof.error > 3 * DERIVATIVE_TOLERANCE, `${proof.error}`);
  });
}

test("guidance is refused where the score is another's", async (t) => {
  const options = { scoreOutput: "F", classifier: CLASSIFIER_PATH };
  const both = guided(await read(SCORE), await read(CLASSIFIER), options);
  const node = both.graph.node.map((entry) => ({
    ...entry,
    output: entry.output.map((name) => (name === "F" ? "right" : name)),
  }));
  node.push(NodeProto.create({ opType: "Neg", input: ["right"], output: ["F"] }));
  const derived = writeModel({ ...both, graph: { ...both.graph, node } });
  const files = { score: SCORE, classifier: CLASSIFIER, derived };
  const proof = await proveGuided(files, options);
  t.false(proof.accepted);
  t.true(proof.error < DERIVATIVE_TOLERANCE);
  t.true(proof.valueError > 1);
});

/** The model with `change` made to a node of the way back, the third of an operator. */
function changed(
  model: OnnxModel,
  operator: string,
  change: (node: NodeProto) => NodeProto,
): OnnxModel {
  const isDerived = ({ output }: NodeProto): boolean => output[0]?.includes("_cotangent") ?? false;
  const chosen = model.graph.node.filter((n) => n.opType === operator && isDerived(n))[2];
  const node = model.graph.node.map((entry) => (entry === chosen ? change(entry) : entry));
  return { ...model, graph: { ...model.graph, node } };
}

function withOther(model: OnnxModel, operator: string, other: string): OnnxModel {
  return changed(model, operator, (node) => ({ ...node, opType: other }));
}

function withoutTerm(model: OnnxModel): OnnxModel {
  return changed(model, "Add", (node) => ({
    ...node,
    opType: "Identity",
    input: node.input.slice(0, 1),
  }));
}

/** The gradient through one more operator. */
function withLast(model: OnnxModel, operator: string): OnnxModel {
  const node = model.graph.node.map((entry) => ({
    ...entry,
    output: entry.output.map((name) => (name === "x_gradient" ? "right" : name)),
  }));
  const last = NodeProto.create({ opType: operator, input: ["right"], output: ["x_gradient"] });
  return { ...model, graph: { ...model.graph, node: [...node, last] } };
}
