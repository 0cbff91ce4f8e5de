import test from "ava";
import { int, ints } from "./attribute.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { type OnnxModel, readModel, writeModel } from "./model-file.ts";
import { tensor } from "./tensor.ts";

function example(): OnnxModel {
  const graph = new GraphBuilder("example");
  const x = graph.input("x", "float32", ["batch", 3]);
  const w = graph.initializer("w", tensor("float32", [3, 2], [1, -2.5, 3, 4, 5, 6]));
  const shape = graph.initializer("shape", tensor("int64", [2], [-1, 2]));
  const product = graph.node("MatMul", [x, w]);
  const sum = graph.node("ReduceMax", [product], { axes: ints([1]), keepdims: int(0) });
  graph.node("Reshape", [sum, shape], {}, { name: "y" });
  graph.output("y", "float32", ["batch", 2]);
  return graph.build({ opset: 17, docString: "an example", metadata: { origin: "test" } });
}

test("a model survives writing and reading", (t) => {
  const model = example();
  const bytes = writeModel(model);
  const read = readModel(bytes);
  t.deepEqual(writeModel(read), bytes);
  t.is(read.irVersion, 8n);
  t.deepEqual(
    read.metadataProps.map(({ key, value }) => [key, value]),
    [["origin", "test"]],
  );
  t.deepEqual(
    read.graph.node.map(({ opType }) => opType),
    ["MatMul", "ReduceMax", "Reshape"],
  );
  t.deepEqual(
    read.graph.node[1]?.attribute.map(({ name, i, ints }) => ({ name, i, ints })),
    [
      { name: "axes", i: 0n, ints: [1n] },
      { name: "keepdims", i: 0n, ints: [] },
    ],
  );
  t.deepEqual(read.graph.initializer[1]?.dims, [2n]);
  t.deepEqual(
    [...read.graph.initializer[0]!.rawData],
    [...new Uint8Array(Float32Array.of(1, -2.5, 3, 4, 5, 6).buffer)],
  );
});

test("fields that the schema does not declare survive", (t) => {
  const bytes = writeModel(example());
  // Field 25 of ModelProto (functions), length-delimited: tag 25 * 8 + 2 = 202 as a varint, 3 bytes of value.
  const extended = Uint8Array.of(...bytes, 0xca, 0x01, 3, 0x0a, 1, 0x66);
  t.deepEqual(writeModel(readModel(extended)), extended);
});

test("bytes that are no ONNX model are refused with a reason", (t) => {
  const empty = new Uint8Array(0);
  t.throws(() => readModel(empty), { instanceOf: RangeError, message: /no graph/ });
  const text = new TextEncoder().encode("<html>not a model</html>");
  t.throws(() => readModel(text), { instanceOf: RangeError, message: /^not an ONNX file: / });
  const cut = writeModel(example()).slice(0, 60);
  t.throws(() => readModel(cut), { instanceOf: RangeError, message: /^not an ONNX file: / });
});

test("a model without an operator set is refused", (t) => {
  const bytes = writeModel({ ...example(), opsetImport: [] });
  t.throws(() => readModel(bytes), { instanceOf: RangeError, message: /no operator set/ });
});
