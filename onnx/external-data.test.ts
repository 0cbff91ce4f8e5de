import test from "ava";
import { withExternalData } from "./external-data.ts";
import { TensorProto, TensorProto_DataLocation } from "./gen/onnx.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { OnnxModel } from "./model-file.ts";
import { tensorNumbers } from "./tensor-values.ts";

const FILE = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

function outside(entries: Readonly<Record<string, string>>): OnnxModel {
  const graph = new GraphBuilder("g");
  const w = graph.initializer(
    "w",
    TensorProto.create({
      dataType: 1,
      dims: [2n],
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    }),
  );
  graph.output(w, "float32", [2]);
  return graph.build({ opset: 17 });
}

test("data outside the file are read in from their place", (t) => {
  const model = outside({ location: "w.bin", offset: "4", length: "8" });
  const [tensor] = withExternalData(model, new Map([["w.bin", FILE]])).graph.initializer;
  t.deepEqual(tensorNumbers(tensor!), [2, 3]);
  t.deepEqual(tensor?.externalData, []);
  t.throws(() => tensorNumbers(model.graph.initializer[0]!), { message: /outside the ONNX file/ });
});

test("a file that is missing or too short is named", (t) => {
  const model = outside({ location: "w.bin", offset: "12", length: "8" });
  t.throws(() => withExternalData(model, new Map()), { message: /w lies in w\.bin/ });
  t.throws(() => withExternalData(model, new Map([["w.bin", FILE]])), {
    instanceOf: RangeError,
    message: /w is at 12 of w\.bin, 8 bytes; the file has 16/,
  });
});
