import test from "ava";
import { DERIVER_VERSION } from "./derivation-key.ts";
import { DifferentiationError } from "./differentiation-error.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { guided } from "./guided.ts";
import { logProbabilityGradient } from "./log-probability-gradient.ts";
import type { OnnxModel } from "./model-file.ts";
import { signatureOf } from "./signature.ts";
import { tensor } from "./tensor.ts";
import type { Dimension } from "./value-info.ts";

const PATH = { input: "x", output: "logits", kind: "logits" } as const;
const OPTIONS = { scoreOutput: "y", classifier: PATH };

/** y of x and t, with z beside it. */
function score(opset = 17, time = "t"): OnnxModel {
  const graph = new GraphBuilder("score");
  const x = graph.input("x", "float32", ["batch", 3]);
  const t = graph.input(time, "float32", ["batch", 1]);
  graph.node("Mul", [x, t], {}, { name: "y" });
  graph.node("Neg", [x], {}, { name: "z" });
  graph.output("y", "float32", ["batch", 3]);
  graph.output("z", "float32", ["batch", 3]);
  return graph.build({ opset });
}

/** Logits of x and t. */
function classifier(shape: readonly Dimension[] = ["batch", 4], operator = "Tanh"): OnnxModel {
  const graph = new GraphBuilder("classifier");
  const x = graph.input("x", "float32", ["batch", 3]);
  const t = graph.input("t", "float32", ["batch", 1]);
  const w = graph.initializer("w", tensor("float32", [3, 4], Array(12).fill(0.5)));
  const features = graph.node("Add", [graph.node(operator, [x], {}, { name: "inner" }), t]);
  const logits = graph.node("MatMul", [features, w]);
  if (shape.length === 2) {
    graph.node("Identity", [logits], {}, { name: "logits" });
  } else {
    graph.node(
      "Unsqueeze",
      [logits, graph.initializer("one", tensor("int64", [1], [1]))],
      {},
      {
        name: "logits",
      },
    );
  }
  graph.output("logits", "float32", shape);
  return graph.build({ opset: 17 });
}

const names = (list: readonly { readonly name: string }[]): string[] =>
  list.map(({ name }) => name);

test("a classifier's gradient takes labels and keeps its logits", (t) => {
  const { inputs, outputs } = signatureOf(logProbabilityGradient(classifier(), PATH));
  t.deepEqual(names(inputs), ["x", "t", "label"]);
  t.deepEqual(inputs[2], { name: "label", type: "int64", shape: ["batch"] });
  t.deepEqual(names(outputs), ["logits", "x_gradient"]);
  t.deepEqual(outputs[1]?.shape, ["batch", 3]);
});

test("only logits are put through a softmax", (t) => {
  const count = (kind: "logits" | "log-probabilities"): number =>
    logProbabilityGradient(classifier(), { ...PATH, kind }).graph.node.filter(
      ({ opType }) => opType === "Softmax",
    ).length;
  t.deepEqual([count("logits"), count("log-probabilities")], [1, 0]);
});

test("each of both has inputs of its own, and nothing else is an output", (t) => {
  const model = guided(score(), classifier(), OPTIONS);
  const { inputs, outputs } = signatureOf(model);
  t.deepEqual(names(inputs), ["x", "t", "classifier_x", "classifier_t", "label"]);
  t.deepEqual(names(outputs), ["y", "classifier_x_gradient"]);
  t.false(model.graph.node.some(({ output }) => output.includes("z")));
  t.deepEqual(
    model.metadataProps.map(({ value }) => value),
    [`guided mode of logits in x, deriver ${DERIVER_VERSION}`],
  );
});

test("what does not fit together is refused", (t) => {
  const refused = (make: () => OnnxModel, message: RegExp): void => {
    t.throws(make, { instanceOf: RangeError, message });
  };
  refused(() => guided(score(21), classifier(), OPTIONS), /opsets 21 and 17: export both/);
  refused(() => guided(score(17, "label"), classifier(), OPTIONS), /has an input label, a name/);
  refused(() => guided(score(17, "classifier_t"), classifier(), OPTIONS), /input classifier_t/);
  refused(() => guided(score(), classifier(), { ...OPTIONS, scoreOutput: "F" }), /no output F/);
  const wide = classifier(["batch", 1, 4]);
  refused(
    () => guided(score(), wide, OPTIONS),
    /logits is \[batch, 1, 4\], not \[batch, classes\]/,
  );
  t.throws(() => guided(score(), classifier(["batch", 4], "Foo"), OPTIONS), {
    instanceOf: DifferentiationError,
    message: /Foo \(node inner/,
  });
});
