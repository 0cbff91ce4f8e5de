import test from "ava";
import { tensorAttribute } from "./attribute.ts";
import { externalLocations } from "./external-data.ts";
import { TensorProto, TensorProto_DataLocation } from "./gen/onnx.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { signatureOf } from "./signature.ts";
import { tensor } from "./tensor.ts";
import { valueInfo } from "./value-info.ts";

test("inputs and outputs come with names, element types and shapes", (t) => {
  const graph = new GraphBuilder("g");
  graph.input("x", "float32", ["batch", 3, undefined, 8]);
  graph.input("label", "int64", []);
  const y = graph.node("Identity", ["x"], {}, { name: "y" });
  graph.output(y, "float16", ["batch"]);
  t.deepEqual(signatureOf(graph.build({ opset: 17 })), {
    inputs: [
      { name: "x", type: "float32", shape: ["batch", 3, undefined, 8] },
      { name: "label", type: "int64", shape: [] },
    ],
    outputs: [{ name: "y", type: "float16", shape: ["batch"] }],
  });
});

test("an input that an initialiser gives a value to is no input", (t) => {
  const graph = new GraphBuilder("g");
  const w = graph.initializer("w", tensor("float32", [1], [1]));
  graph.output(w, "float32", [1]);
  const model = graph.build({ opset: 17 });
  model.graph.input.push(valueInfo("w", "float32", [1])); // as before version 4 of the format
  t.deepEqual(signatureOf(model).inputs, []);
});

test("a value of unknown type or rank has neither", (t) => {
  const graph = new GraphBuilder("g");
  graph.output(graph.input("x", "float32", [1]), "float32", [1]);
  const model = graph.build({ opset: 17 });
  model.graph.input[0]!.type = { tensorType: { elemType: 99, shape: undefined }, denotation: "" };
  model.graph.output[0]!.type = undefined;
  const { inputs, outputs } = signatureOf(model);
  t.deepEqual(inputs, [{ name: "x", type: undefined, shape: undefined }]);
  t.deepEqual(outputs, [{ name: "x", type: undefined, shape: undefined }]);
});

test("tensors outside the file are found wherever they are", (t) => {
  const outside = (location: string): TensorProto =>
    TensorProto.create({
      dataType: 1,
      dims: [1],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [{ key: "location", value: location }],
    });
  const graph = new GraphBuilder("g");
  const w = graph.initializer("w", outside("weights.bin"));
  graph.initializer("v", outside("weights.bin"));
  const c = graph.node("Constant", [], { value: tensorAttribute(outside("constant.bin")) });
  graph.output(graph.node("Add", [w, c]), "float32", [1]);
  t.deepEqual(externalLocations(graph.build({ opset: 17 })), ["weights.bin", "constant.bin"]);
});
