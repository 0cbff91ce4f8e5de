import test from "ava";
import { withoutDeadNodes } from "./dead-nodes.ts";
import { AttributeProto, GraphProto, NodeProto } from "./gen/onnx.ts";
import { Graph } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model-file.ts";
import { tensor } from "./tensor.ts";

/** x -> Neg a -> Exp b -> y = a + b, and a node that nothing reads. */
function diamond(): OnnxModel {
  const graph = new GraphBuilder("g");
  const x = graph.input("x", "float32", ["batch"]);
  const a = graph.node("Neg", [x], {}, { name: "a" });
  const b = graph.node("Exp", [a], {}, { name: "b" });
  const w = graph.initializer("unused", tensor("float32", [], [1]));
  graph.node("Mul", [x, w], {}, { name: "dead" });
  graph.node("Add", [a, b], {}, { name: "y" });
  graph.output("y", "float32", ["batch"]);
  return graph.build({ opset: 17 });
}

function withNodes(model: OnnxModel, node: NodeProto[]): OnnxModel {
  return { ...model, graph: { ...model.graph, node } };
}

/** An If on a constant whose branches read `captured` from outside. */
function conditional(captured: string, output: string): NodeProto {
  const branch = GraphProto.create({
    name: "branch",
    node: [NodeProto.create({ opType: "Neg", input: [captured], output: ["inner"] })],
    output: [{ name: "inner", type: undefined, docString: "" }],
  });
  const node = NodeProto.create({ opType: "If", name: "if", input: ["c"], output: [output] });
  node.attribute = ["then_branch", "else_branch"].map((name) =>
    AttributeProto.create({ name, type: 5, g: branch }),
  );
  return node;
}

test("values know their producer and consumers", (t) => {
  const graph = new Graph(diamond());
  t.is(graph.producer("a")?.opType, "Neg");
  t.is(graph.producer("x"), undefined);
  t.deepEqual(
    graph.consumers("a").map(({ opType }) => opType),
    ["Exp", "Add"],
  );
  t.deepEqual(
    graph.ancestors(["b"]).map(({ opType }) => opType),
    ["Neg", "Exp"],
  );
  t.throws(() => graph.require("z"), { instanceOf: RangeError, message: /z is no value/ });
});

test("nodes in any order come out in an order of computation, those in order unchanged", (t) => {
  const model = diamond();
  t.deepEqual(new Graph(model).nodes, model.graph.node);
  const reversed = new Graph(withNodes(model, model.graph.node.toReversed())).nodes;
  const place = (name: string): number => reversed.findIndex(({ output }) => output[0] === name);
  t.true(place("a") < place("b") && place("b") < place("y"));
});

test("a cycle, a value made twice and one that nothing makes are refused", (t) => {
  const model = diamond();
  const [a, b] = model.graph.node;
  const cycle = [{ ...a!, input: ["b"] }, b!, ...model.graph.node.slice(2)];
  t.throws(() => new Graph(withNodes(model, cycle)), { message: /waits for itself in a cycle/ });
  const twice = [...model.graph.node, a!];
  t.throws(() => new Graph(withNodes(model, twice)), { message: /a is made twice/ });
  const missing = [{ ...a!, input: ["nowhere"] }, ...model.graph.node.slice(1)];
  t.throws(() => new Graph(withNodes(model, missing)), { message: /reads nowhere/ });
});

test("what no output needs is removed, inputs stay", (t) => {
  const { graph } = withoutDeadNodes(diamond());
  t.deepEqual(
    graph.node.map(({ output }) => output[0]),
    ["a", "b", "y"],
  );
  t.deepEqual(graph.initializer, []);
  t.is(graph.input.length, 1);
});

test("what a graph inside a node reads from outside is read by the node", (t) => {
  const builder = new GraphBuilder("g");
  builder.input("c", "float32", []);
  const x = builder.input("x", "float32", []);
  builder.node("Exp", [x], {}, { name: "captured" });
  builder.node("Neg", [x], {}, { name: "y" });
  builder.output("y", "float32", []);
  const model = builder.build({ opset: 17 });
  const [exp] = model.graph.node;
  const inner = withNodes(model, [conditional("captured", "y"), exp!]);
  t.deepEqual(
    new Graph(inner).nodes.map(({ opType }) => opType),
    ["Exp", "If"],
  );
  t.is(withoutDeadNodes(inner).graph.node.length, 2);
});
