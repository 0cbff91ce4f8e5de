import test from "ava";
import { GraphBuilder } from "./graph-builder.ts";
import { tensor } from "./tensor.ts";

test("a name that is taken is refused", (t) => {
  const graph = new GraphBuilder("g");
  graph.input("x", "float32", [1]);
  const message = "the name x is taken";
  t.throws(() => graph.input("x", "float32", [1]), { instanceOf: RangeError, message });
  const one = tensor("float32", [], [1]);
  t.throws(() => graph.initializer("x", one), { instanceOf: RangeError, message });
  t.throws(() => graph.node("Neg", ["x"], {}, { name: "x" }), { instanceOf: RangeError, message });
  t.throws(() => graph.nodeWithOutputs("Split", ["x"], ["a", "a"]), { message: /a is taken/ });
});

test("a value that does not exist is refused", (t) => {
  const graph = new GraphBuilder("g");
  const message = "Neg asks for y, which is no value of g";
  t.throws(() => graph.node("Neg", ["y"]), { instanceOf: RangeError, message });
  t.throws(() => graph.output("y", "float32", [1]), {
    instanceOf: RangeError,
    message: /asks for y/,
  });
});

test("a refused node leaves the graph as it was", (t) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", [1]);
  t.throws(() => graph.node("Add", [x, "y"], {}, { name: "z" }));
  t.throws(() => graph.nodeWithOutputs("Split", [x], ["z", "x"]));
  t.is(graph.node("Neg", [x], {}, { name: "z" }), "z");
});

test("names are made where none is given, past those in use", (t) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("Neg_0", "float32", [1]);
  t.is(graph.node("Neg", [x]), "Neg_1");
  t.is(graph.node("Neg", [x]), "Neg_2");
});

test("a graph without outputs, or with one twice, is refused", (t) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", [1]);
  t.throws(() => graph.build({ opset: 17 }), { message: /no outputs/ });
  graph.output(x, "float32", [1]);
  t.throws(() => graph.output(x, "float32", [1]), { message: /already/ });
});

test("an optional input can be left out and an optional name is empty", (t) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", [1]);
  const high = graph.initializer("high", tensor("float32", [], [1]));
  graph.output(graph.node("Clip", [x, "", high]), "float32", [1]);
  t.deepEqual(graph.build({ opset: 17 }).graph.node[0]?.input, ["x", "", "high"]);
});

test("what is built does not change with the builder", (t) => {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", [1]);
  graph.output(x, "float32", [1]);
  const model = graph.build({ opset: 17 });
  graph.node("Neg", [x]);
  t.is(model.graph.node.length, 0);
});

test("a tensor checks its values against its shape", (t) => {
  t.throws(() => tensor("float32", [2, 2], [1, 2, 3]), {
    instanceOf: RangeError,
    message: /needs 4 values; seen 3/,
  });
  t.throws(() => tensor("float32", [-1], []), { instanceOf: RangeError });
  t.is(tensor("float64", [], [0.1]).rawData.length, 8);
});
