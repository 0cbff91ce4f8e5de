import { readFile } from "node:fs/promises";
import test from "ava";
import { type AttributeValue, int, ints } from "../attribute.ts";
import { ELEMENT_TYPES } from "../element-type.ts";
import { type Fact, factOfValueInfo } from "../fact.ts";
import { Graph } from "../graph.ts";
import { GraphBuilder } from "../graph-builder.ts";
import { readModel } from "../model-file.ts";
import { tensor } from "../tensor.ts";
import type { Dimension } from "../value-info.ts";
import { factsOf } from "./facts.ts";

/** What is known of the value that `build` names, from x of the given shape. */
function fact(
  shape: readonly Dimension[],
  build: (graph: GraphBuilder, x: string) => string,
): Fact | undefined {
  const graph = new GraphBuilder("g");
  const y = build(graph, graph.input("x", "float32", shape));
  graph.node("Identity", [y], {}, { name: "y" });
  graph.output("y", "float32", []);
  const model = graph.build({ opset: 17 });
  model.graph.output[0]!.type = undefined;
  return factsOf(new Graph(model)).get("y");
}

const list = (graph: GraphBuilder, name: string, values: readonly number[]): string =>
  graph.initializer(name, tensor("int64", [values.length], values));

/** [dimension `axis` of x] as a list, the way PyTorch writes it. */
function dimension(graph: GraphBuilder, x: string, axis: number): string {
  const index = graph.initializer(`axis${axis}`, tensor("int64", [], [axis]));
  const gathered = graph.node("Gather", [graph.node("Shape", [x]), index], { axis: int(0) });
  return graph.node("Unsqueeze", [gathered, list(graph, `zero${axis}`, [0])]);
}

test("names of dimensions go through broadcasting, reshaping and reduction", (t) => {
  const shape = ["batch", 4, 8, 8] as const;
  const flat = fact(shape, (g, x) => g.node("Reshape", [x, list(g, "s", [-1, 2, 128])]));
  t.deepEqual(flat?.shape, ["batch", 2, 128]);
  const kept = fact(shape, (g, x) => g.node("Reshape", [x, list(g, "s", [0, 2, -1])]));
  t.deepEqual(kept?.shape, ["batch", 2, 128]);
  const mean = fact(shape, (g, x) => g.node("ReduceMean", [x], { axes: ints([-1, -2]) }));
  t.deepEqual(mean?.shape, ["batch", 4, 1, 1]);
  const sum = fact(shape, (g, x) =>
    g.node("Add", [x, g.initializer("b", tensor("float32", [4, 1, 1], [1, 2, 3, 4]))]),
  );
  t.deepEqual(sum, { type: "float32", shape: [...shape], elements: undefined });
});

test("shape arithmetic is evaluated, with names where they are not numbers", (t) => {
  const target = fact(["batch", 4, 8, 8], (g, x) => {
    const parts = [
      dimension(g, x, 0),
      g.node("Mul", [dimension(g, x, 2), dimension(g, x, 3)]),
      list(g, "rest", [-1]),
    ];
    return g.node("Concat", parts, { axis: int(0) });
  });
  t.deepEqual(target, { type: "int64", shape: [3], elements: ["batch", 64, -1] });
  const expanded = fact(["batch", 1], (g, x) => {
    const wanted = g.node("Concat", [dimension(g, x, 0), list(g, "five", [-1])], { axis: int(0) });
    const unknown = g.node("Equal", [wanted, list(g, "minus", [-1])]);
    const chosen = g.node("Where", [unknown, list(g, "lengths", [7, 5]), wanted]);
    return g.node("Expand", [x, chosen]);
  });
  t.deepEqual(expanded?.shape, ["batch", 5]);
});

test("PyTorch's way to write the pads of a Pad is evaluated", (t) => {
  const padded = fact(["batch", 3, 8, 8], (g, x) => {
    const sides = list(g, "sides", [1, 2, 3, 4, 0, 0, 0, 0]);
    const pairs = g.node("Reshape", [sides, list(g, "pairs", [-1, 2])]);
    const bound = (name: string, value: number): string => list(g, name, [value]);
    const backwards = g.node("Slice", [
      pairs,
      bound("start", -1),
      bound("end", -(2 ** 40)),
      bound("axis", 0),
      bound("step", -1),
    ]);
    const turned = g.node("Transpose", [backwards], { perm: ints([1, 0]) });
    const pads = g.node("Reshape", [turned, list(g, "flat", [-1])]);
    return g.node("Pad", [x, g.node("Cast", [pads], { to: int(ELEMENT_TYPES.int64) })]);
  });
  t.deepEqual(padded?.shape, ["batch", 3, 15, 11]);
});

test("windows keep a length that they don't change, and count others", (t) => {
  const conv = (attributes: Record<string, AttributeValue>, shape: readonly Dimension[]) =>
    fact(shape, (g, x) => {
      const w = g.initializer("w", tensor("float32", [6, 4, 3, 3], Array(216).fill(0)));
      return g.node("Conv", [x, w], attributes);
    })?.shape;
  const same = { pads: ints([1, 1, 1, 1]) };
  t.deepEqual(conv(same, ["n", 4, "h", "w"]), ["n", 6, "h", "w"]);
  t.deepEqual(conv({ ...same, strides: ints([2, 2]) }, ["n", 4, 7, "w"]), ["n", 6, 4, undefined]);
});

for (const file of ["score", "classifier"]) {
  test(`PyTorch's own shapes of the colour digits' ${file} are found`, async (t) => {
    // Compiled, this file is dist/onnx/shape-inference/facts.test.js.
    const path = new URL(`../../../models/color-digits/${file}.onnx`, import.meta.url);
    const model = readModel(await readFile(path));
    const bare = { ...model, graph: { ...model.graph, valueInfo: [] } };
    const facts = factsOf(new Graph(bare));
    const declared = model.graph.valueInfo.filter(({ name }) => facts.has(name));
    t.true(declared.length > 100);
    for (const info of declared) {
      const [own, theirs] = [facts.get(info.name), factOfValueInfo(info)];
      t.is(own?.type, theirs.type, info.name);
      // The batch has a name here, also where PyTorch's has none.
      const shape = theirs.shape?.map((dim) => (typeof dim === "number" ? dim : "batch"));
      t.deepEqual(own?.shape, shape, info.name);
    }
  });
}
