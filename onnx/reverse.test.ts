import test from "ava";
import { int, ints } from "./attribute.ts";
import { DifferentiationError } from "./differentiation-error.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model-file.ts";
import { gradientMode, reverseMode } from "./reverse.ts";
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

/** The operators of the derived nodes, those that are not the source's, in their order. */
function derivedOperators(source: OnnxModel): string[] {
  const own = new Set(source.graph.node.flatMap(({ output }) => output));
  return reverseMode(source, PATH)
    .graph.node.filter(({ output }) => !own.has(output[0] ?? ""))
    .map(({ opType }) => opType);
}

const names = (list: readonly { readonly name: string }[]): string[] =>
  list.map(({ name }) => name);

test("the derived model has an input and an output more, in the places at the end", (t) => {
  const { graph, metadataProps } = reverseMode(
    model((g, x) => g.node("Exp", [x])),
    PATH,
  );
  t.deepEqual(names(graph.input), ["x", "t", "y_cotangent"]);
  t.deepEqual(graph.input[2]?.type, graph.output[0]?.type);
  t.deepEqual(names(graph.output), ["y", "x_cotangent"]);
  t.deepEqual(graph.output[1]?.type, graph.input[0]?.type);
  t.regex(metadataProps[0]?.value ?? "", /^reverse mode of y in x, deriver \d+$/);
});

test("the source is left as it was", (t) => {
  const source = model((g, x) => g.node("Exp", [x]));
  const before = structuredClone(source);
  reverseMode(source, PATH);
  t.deepEqual(source, before);
});

test("what several nodes hand to one value is added up, once for each", (t) => {
  const source = model((g, x) => {
    const e = g.node("Exp", [x]);
    return g.node("Sum", [g.node("Sin", [e]), g.node("Tanh", [e]), e]);
  });
  const operators = derivedOperators(source);
  t.is(operators.filter((operator) => operator === "Add").length, 2);
  t.is(operators.filter((operator) => operator === "Cos").length, 1);
});

test("what does not lie between x and y has no cotangent, and needs no rule", (t) => {
  const source = model((g, x, time) => {
    const shape = g.initializer("shape", tensor("int64", [4], [-1, 1, 1, 1]));
    const embedding = g.node("Exp", [g.node("Sin", [g.node("Reshape", [time, shape])])]);
    g.node("Det", [x], {}, { name: "beside" });
    g.output("beside", "float32", []);
    return g.node("Add", [g.node("Neg", [x]), g.node("Mul", [embedding, g.node("Floor", [x])])]);
  });
  t.deepEqual(derivedOperators(source), ["Neg"]);
});

test("first the nodes without cotangents, then those with, from y to x", (t) => {
  const source = model((g, x) => g.node("Exp", [g.node("Sin", [x])]));
  const { graph } = reverseMode(source, PATH);
  const operators = graph.node.map(({ opType }) => opType);
  t.deepEqual(operators, ["Sin", "Exp", "Identity", "Cos", "Mul", "Mul"]);
  t.is(graph.node.at(-1)?.output[0], "x_cotangent");
});

test("a convolution's weights serve the way back, and nothing of its bias", (t) => {
  const source = model((g, x) => {
    const w = g.initializer("w", tensor("float32", [4, 4, 1, 1], Array(16).fill(0.5)));
    const bias = g.initializer("b", tensor("float32", [4], [1, 2, 3, 4]));
    return g.node("Conv", [x, w, bias], { kernel_shape: ints([1, 1]) });
  });
  const { graph } = reverseMode(source, PATH);
  t.deepEqual(
    graph.initializer.filter(({ dims }) => dims.length === 4).map(({ name }) => name),
    ["w"],
  );
  t.is(graph.node.filter(({ input }) => input.includes("b")).length, 1);
});

test("sums over what was broadcast are constant where shapes are known, else found out at run time", (t) => {
  const known = model((g, x) => {
    const row = g.node("ReduceSum", [x], { keepdims: int(1) });
    return g.node("Mul", [x, row]);
  });
  t.false(derivedOperators(known).includes("NonZero"));
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", ["n"]);
  const c = graph.input("c", "float32", ["m"]);
  graph.node("Mul", [x, c], {}, { name: "y" });
  graph.output("y", "float32", []);
  t.true(derivedOperators(graph.build({ opset: 17 })).includes("NonZero"));
});

test("the gradient of one number a row starts from ones and has no cotangent to be given", (t) => {
  const perRow = (keepdims: 0 | 1): OnnxModel =>
    model((g, x) => {
      const flat = g.node("Flatten", [x], { axis: int(1) });
      const axes = { axes: ints([1]), keepdims: int(keepdims) };
      return g.node("ReduceSumSquare", [flat], axes);
    });
  for (const keepdims of [0, 1] as const) {
    const { graph, metadataProps } = gradientMode(perRow(keepdims), PATH);
    t.deepEqual(names(graph.input), ["x", "t"]);
    t.deepEqual(names(graph.output), ["y", "x_gradient"]);
    t.regex(metadataProps[0]?.value ?? "", /^gradient mode of y in x/);
  }
  const refused = model((g, x) => g.node("Exp", [x]));
  t.throws(() => gradientMode(refused, PATH), {
    instanceOf: RangeError,
    message: /y is \[batch, 4, 8, 8\], not one number a row/,
  });
});

test("an operator without a rule, and a rule without a reverse, are named with what to do", (t) => {
  const unknown = model((g, x) => g.node("Foo", [x], {}, { name: "layer/7", domain: "com.acme" }));
  const error = t.throws(() => reverseMode(unknown, PATH), { instanceOf: DifferentiationError });
  t.is(error?.node, "layer/7");
  t.is(error?.operator, "Foo");
  t.is(error?.opset, 17);
  t.regex(error?.advice ?? "", /CONTRIBUTING\.md/);
  const exp = model((g, x) => g.node("Exp", [x]));
  t.throws(() => reverseMode(exp, PATH, () => ({ forward: () => [] })), {
    instanceOf: DifferentiationError,
    message: /its rule has no reverse mode.*CONTRIBUTING\.md/,
  });
});

test("what can't be asked for is refused", (t) => {
  const source = model((g, x) => g.node("Exp", [x]));
  const refused = (path: typeof PATH, message: RegExp): void => {
    t.throws(() => reverseMode(source, path), { instanceOf: RangeError, message });
  };
  refused({ input: "z", output: "y" }, /no input z; it has x, t/);
  refused({ input: "x", output: "z" }, /no output z; it has y/);
  refused({ input: "t", output: "y" }, /y does not depend on the input t/);
  const steps = model((g, x) => g.node("Floor", [x]));
  t.throws(() => reverseMode(steps, PATH), { message: /y does not depend on the input x/ });
  const taken = model((g, x) => {
    g.input("x_cotangent", "float32", [1]);
    return g.node("Exp", [x]);
  });
  t.throws(() => reverseMode(taken, PATH), { message: /the name x_cotangent is taken/ });
});
