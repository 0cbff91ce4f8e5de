import test from "ava";
import { float, int, ints } from "./attribute.ts";
import { DifferentiationError } from "./differentiation-error.ts";
import { forwardMode } from "./forward.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model-file.ts";
import { tensor } from "./tensor.ts";

const PATH = { input: "x", output: "y" };

/** A graph of x [batch, 4, 8, 8] and t [batch] with the output y that `build` names. */
function model(
  build: (graph: GraphBuilder, x: string, t: string) => string,
  opset = 17,
): OnnxModel {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", ["batch", 4, 8, 8]);
  const y = build(graph, x, graph.input("t", "float32", ["batch"]));
  graph.node("Identity", [y], {}, { name: "y" });
  graph.output("y", "float32", []);
  return graph.build({ opset });
}

function weights(graph: GraphBuilder): string {
  return graph.initializer("w", tensor("float32", [4, 4, 1, 1], Array(16).fill(0.5)));
}

/** Operators of the derived nodes, those that are not the source's. */
function derivedOperators(source: OnnxModel): string[] {
  const own = new Set(source.graph.node.flatMap(({ output }) => output));
  return forwardMode(source, PATH)
    .graph.node.filter(({ output }) => !own.has(output[0] ?? ""))
    .map(({ opType }) => opType);
}

test("the derived model has an input and an output more, in the places at the end", (t) => {
  const { graph, producerName, metadataProps } = forwardMode(
    model((g, x) => g.node("Exp", [x])),
    PATH,
  );
  t.deepEqual(
    graph.input.map(({ name }) => name),
    ["x", "t", "x_tangent"],
  );
  t.deepEqual(graph.input[2]?.type, graph.input[0]?.type);
  t.deepEqual(
    graph.output.map(({ name }) => name),
    ["y", "y_tangent"],
  );
  t.is(producerName, "scorestream");
  t.regex(metadataProps[0]?.value ?? "", /^forward mode of y in x, deriver \d+$/);
});

test("the source is left as it was", (t) => {
  const source = model((g, x) => g.node("Exp", [x]));
  const before = structuredClone(source);
  forwardMode(source, PATH);
  t.deepEqual(source, before);
});

test("a linear operator's tangent takes its weights again and not its bias", (t) => {
  const source = model((g, x) => {
    const bias = g.initializer("b", tensor("float32", [4], [1, 2, 3, 4]));
    return g.node("Conv", [x, weights(g), bias], { kernel_shape: ints([1, 1]) });
  });
  const { graph } = forwardMode(source, PATH);
  const convolutions = graph.node.filter(({ opType }) => opType === "Conv");
  t.deepEqual(
    convolutions.map(({ input }) => input),
    [
      ["x", "w", "b"],
      ["x_tangent", "w"],
    ],
  );
  t.deepEqual(
    graph.initializer.map(({ name }) => name),
    ["b", "w"],
  );
});

test("what depends on other inputs alone has no tangent", (t) => {
  const source = model((g, x, time) => {
    const shape = g.initializer("shape", tensor("int64", [4], [-1, 1, 1, 1]));
    const embedding = g.node("Exp", [g.node("Sin", [g.node("Reshape", [time, shape])])]);
    return g.node("Add", [x, embedding]);
  });
  t.deepEqual(derivedOperators(source), ["Identity"]);
});

test("what the output does not need has no tangent, and needs no rule", (t) => {
  const source = model((g, x) => {
    g.node("Det", [x], {}, { name: "beside" });
    g.output("beside", "float32", []);
    return g.node("Neg", [x]);
  });
  const { graph } = forwardMode(source, PATH);
  t.deepEqual(
    graph.output.map(({ name }) => name),
    ["beside", "y", "y_tangent"],
  );
});

test("an expression is computed once", (t) => {
  const source = model((g, x) =>
    g.node("Add", [
      g.node("Softplus", [x]),
      g.node("Mul", [g.node("Softplus", [x]), g.node("Neg", [x])]),
    ]),
  );
  const operators = derivedOperators(source);
  t.is(operators.filter((operator) => operator === "Sigmoid").length, 1);
});

test("SiLU costs four operations, group normalisation shares its statistics with its derivative", (t) => {
  const silu = model((g, x) => g.node("Mul", [x, g.node("Sigmoid", [x])]));
  t.deepEqual(derivedOperators(silu).toSorted(), ["Add", "Identity", "Mul", "Mul", "Sub"]);

  const normalized = model((g, x) => {
    const grouped = g.initializer("grouped", tensor("int64", [3], [0, 2, -1]));
    const whole = g.initializer("whole", tensor("int64", [4], [-1, 4, 8, 8]));
    const ones = g.initializer("ones", tensor("float32", [2], [1, 1]));
    const zeros = g.initializer("zeros", tensor("float32", [2], [0, 0]));
    const scale = g.initializer("scale", tensor("float32", [4, 1, 1], [1, 2, 3, 4]));
    const rows = g.node("Reshape", [x, grouped]);
    const n = g.node("InstanceNormalization", [rows, ones, zeros], { epsilon: float(1e-5) });
    return g.node("Mul", [g.node("Reshape", [n, whole]), scale]);
  });
  const operators = forwardMode(normalized, PATH).graph.node.map(({ opType }) => opType);
  t.false(operators.includes("InstanceNormalization"));
  t.is(operators.filter((operator) => operator === "ReduceMean").length, 2);
  t.is(operators.filter((operator) => operator === "BatchNormalization").length, 1);
  // Of the pictures' size: x - mean, then the tangent less what it shares with x, then the two scaled.
  t.is(operators.filter((operator) => operator === "Sub").length, 2);
});

test("first the nodes without tangents, then those with", (t) => {
  const source = model((g, x) => g.node("Exp", [g.node("Sin", [x])]));
  const operators = forwardMode(source, PATH).graph.node.map(({ opType }) => opType);
  t.deepEqual(operators, ["Sin", "Cos", "Exp", "Identity", "Mul", "Mul", "Identity"]);
});

test("axes are an attribute or an input, as the opset has them", (t) => {
  const build = (g: GraphBuilder, x: string): string => g.node("Softmax", [x], { axis: int(1) });
  for (const opset of [13, 21]) {
    const { graph } = forwardMode(model(build, opset), PATH);
    const sum = graph.node.find(({ opType }) => opType === "ReduceSum");
    t.is(sum?.input.length, 2);
  }
  const normalize = (g: GraphBuilder, x: string): string => {
    const scale = g.initializer("scale", tensor("float32", [8], Array(8).fill(1)));
    return g.node("LayerNormalization", [x, scale]);
  };
  const axes = (opset: number): number | undefined => {
    const { graph } = forwardMode(model(normalize, opset), PATH);
    return graph.node.find(({ opType }) => opType === "ReduceMean")?.input.length;
  };
  t.deepEqual([axes(17), axes(18)], [1, 2]);
});

test("an operator without a rule is named, with what to do", (t) => {
  const source = model((g, x) => g.node("ReluX", [x], {}, { name: "layer/7", domain: "com.acme" }));
  const error = t.throws(() => forwardMode(source, PATH), { instanceOf: DifferentiationError });
  t.is(error?.node, "layer/7");
  t.is(error?.operator, "ReluX");
  t.is(error?.domain, "com.acme");
  t.is(error?.opset, 17);
  t.regex(error?.message ?? "", /node layer\/7, domain com\.acme, opset 17/);
  t.regex(error?.advice ?? "", /Relu.*CONTRIBUTING\.md/);
});

test("a form that a rule is not for is named, with what to do", (t) => {
  const source = model((g, x) => {
    const four = g.initializer("four", tensor("float32", [4], [1, 1, 1, 1]));
    const inputs = [x, four, four, four, four];
    return g.node("BatchNormalization", inputs, { training_mode: int(1) });
  });
  t.throws(() => forwardMode(source, PATH), {
    instanceOf: DifferentiationError,
    message: /training mode.*\.eval\(\)/,
  });
});

test("what can't be asked for is refused", (t) => {
  const source = model((g, x) => g.node("Exp", [x]));
  const refused = (path: typeof PATH, message: RegExp): void => {
    t.throws(() => forwardMode(source, path), { instanceOf: RangeError, message });
  };
  refused({ input: "z", output: "y" }, /no input z; it has x, t/);
  refused({ input: "x", output: "z" }, /no output z; it has y/);
  refused({ input: "t", output: "y" }, /y does not depend on the input t/);
  const old = model((g, x) => g.node("Exp", [x]), 12);
  t.throws(() => forwardMode(old, PATH), { message: /opset 12; only 13 to 21/ });
  const integers = new GraphBuilder("g");
  const labels = integers.input("x", "int64", [1]);
  integers.node("Cast", [labels], { to: int(1) }, { name: "y" });
  integers.output("y", "float32", [1]);
  const cast = integers.build({ opset: 17 });
  t.throws(() => forwardMode(cast, PATH), { message: /of type int64, which has no derivatives/ });
});
