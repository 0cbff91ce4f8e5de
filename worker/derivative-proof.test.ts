import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { forwardMode } from "../onnx/forward.ts";
import { NodeProto } from "../onnx/gen/onnx.ts";
import { type OnnxModel, readModel, writeModel } from "../onnx/model-file.ts";
import { DERIVATIVE_TOLERANCE, proveTangent } from "./derivative-proof.ts";

/** Compiled, this file is dist/worker/derivative-proof.test.js. */
function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../models/${file}`, import.meta.url));
}

const MODELS = [
  ["color-digits/score.onnx", "F"],
  ["color-digits/classifier.onnx", "logits"],
  ["gaussian-mixture-ve/score.onnx", "score"],
  ["gaussian-mixture-vp/score.onnx", "noise"],
  ["gaussian-mixture-subvp/score.onnx", "score"],
] as const;

for (const [file, output] of MODELS) {
  test(`the tangent of ${file} proves itself`, async (t) => {
    const path = { input: "x", output };
    const derived = forwardMode(readModel(await readFile(pathOf(file))), path);
    // The VP mixture takes 999 t; times of the others may be in (0, 1).
    const values = (name: string): number[] | undefined =>
      name === "label" ? [150, 300, 600, 900] : undefined;
    const proof = await proveTangent(pathOf(file), writeModel(derived), path, { values });
    t.log(`error ${proof.error.toExponential(1)} at step ${proof.step}`);
    t.true(proof.accepted, JSON.stringify(proof));
    t.true(proof.valueError < 1e-6);
  });
}

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
  { name: "a term is missing", defect: withoutTerm },
  { name: "the sign is wrong", defect: (model) => withLast(model, "Neg") },
  { name: "it is not a number", defect: (model) => withLast(model, "Log") },
];

for (const { name, defect } of DEFECTS) {
  test(`a tangent is refused where ${name}`, async (t) => {
    const path = { input: "x", output: "F" };
    const source = await readFile(pathOf("color-digits/score.onnx"));
    const wrong = defect(forwardMode(readModel(source), path));
    const proof = await proveTangent(source, writeModel(wrong), path, { rows: 2 });
    t.false(proof.accepted);
    t.true(proof.error > 3 * DERIVATIVE_TOLERANCE);
  });
}

function isDerived({ output }: NodeProto): boolean {
  return output[0]?.includes("_tangent") ?? false;
}

/** The model with `change` made to one derived node, the tenth of an operator. */
function changed(
  model: OnnxModel,
  operator: string,
  change: (node: NodeProto) => NodeProto,
): OnnxModel {
  const chosen = model.graph.node.filter((n) => n.opType === operator && isDerived(n))[9];
  const node = model.graph.node.map((entry) => (entry === chosen ? change(entry) : entry));
  return { ...model, graph: { ...model.graph, node } };
}

function withOther(model: OnnxModel, operator: string, other: string): OnnxModel {
  return changed(model, operator, (node) => ({ ...node, opType: other }));
}

function withoutTerm(model: OnnxModel): OnnxModel {
  return changed(model, "Sub", (node) => ({
    ...node,
    opType: "Identity",
    input: node.input.slice(0, 1),
  }));
}

/** The tangent through one more operator. */
function withLast(model: OnnxModel, operator: string): OnnxModel {
  const node = model.graph.node.map((entry) => ({
    ...entry,
    output: entry.output.map((name) => (name === "F_tangent" ? "right" : name)),
  }));
  const last = NodeProto.create({ opType: operator, input: ["right"], output: ["F_tangent"] });
  return { ...model, graph: { ...model.graph, node: [...node, last] } };
}

test("what the proof can't feed is said", async (t) => {
  const path = { input: "y", output: "F" };
  const file = pathOf("color-digits/score.onnx");
  await t.throwsAsync(proveTangent(file, file, path), {
    instanceOf: RangeError,
    message: /no tensor y among its inputs/,
  });
});
