import test from "ava";
import { ELEMENT_TYPES } from "../../onnx/element-type.ts";
import { TensorProto } from "../../onnx/gen/onnx.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";
import { drawnValues, worstDifference } from "../testing/drawn-values.ts";
import { startEngine } from "../testing/start-engine.ts";
import { merge, withFolder, writeModelFolder } from "./test-model-folder.ts";

/** Steps of the int8 grid: it holds values from -127 STEP to 128 STEP. */
const STEP = 1 / 32;

/** A tensor of bytes from 0 to 127. */
function bytes(type: "int8" | "uint8", dims: readonly number[], values: number[]): TensorProto {
  const [shape, dataType] = [dims.map(BigInt), ELEMENT_TYPES[type]];
  return TensorProto.create({ dims: shape, dataType, rawData: Uint8Array.from(values) });
}

/** Noise of the data N(0, I) under a VP process: n(x, std) = std x. As training/quantize.py: by a convolution, in int8 or not. */
function network(int8: boolean): Uint8Array {
  const graph = new GraphBuilder("noise");
  const x = graph.input("x", "float32", ["batch", 3, 4, 4]);
  const level = graph.input("t", "float32", ["batch"]);
  const rounded = (value: string, name: string): string => {
    if (!int8) return value;
    const scale = graph.initializer(`${name}_scale`, tensor("float32", [], [STEP]));
    const zero = graph.initializer(`${name}_zero`, bytes("uint8", [], [127]));
    const quantized = graph.node("QuantizeLinear", [value, scale, zero]);
    return graph.node("DequantizeLinear", [quantized, scale, zero]);
  };
  const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const weights = int8
    ? graph.node("DequantizeLinear", [
        graph.initializer("weights", bytes("int8", [3, 3, 1, 1], identity)),
        graph.initializer("weights_scale", tensor("float32", [], [1])),
        graph.initializer("weights_zero", bytes("int8", [], [0])),
      ])
    : graph.initializer("weights", tensor("float32", [3, 3, 1, 1], identity));
  const passed = rounded(graph.node("Conv", [rounded(x, "before"), weights]), "after");
  const axes = graph.initializer("axes", tensor("int64", [3], [1, 2, 3]));
  const std = graph.node("Unsqueeze", [level, axes]);
  const noise = graph.node("Mul", [passed, std], {}, { name: "noise" });
  graph.output(noise, "float32", ["batch", 3, 4, 4]);
  return writeModel(graph.build({ opset: 17 }));
}

test("a model in int8 samples as in float32 but for rounding; what needs its derivative is refused with the reason", async (t) => {
  await withFolder(async (folder) => {
    for (const name of ["float32", "int8"]) {
      await writeModelFolder(folder, name, {
        graph: network(name === "int8"),
        manifest: (json) => {
          merge("", { name })(json);
          merge("score.time", { kind: "std" })(json);
          merge("score.output", { kind: "noise", name: "noise" })(json);
        },
      });
    }
    const started = await startEngine({ folder, models: ["float32", "int8"] });
    t.teardown(() => started.close());
    const [exact, coarse] = [
      await drawnValues(started, "float32"),
      await drawnValues(started, "int8"),
    ];
    t.is(coarse.length, 5 * 48);
    const worst = worstDifference(coarse, exact);
    // A step's rounding, STEP / 2 at most, of 50 steps, partly forgotten on the way.
    t.true(worst < 10 * STEP, `${worst}`);
    t.true(worst > STEP / 100, "the network was not one of int8");

    const value = { shape: { channels: 3, height: 4, width: 4 }, float32: Buffer.alloc(4 * 48) };
    const images = [{ source: { $case: "tensor", value } as const }];
    await t.throwsAsync(started.logLikelihood({ model: "int8", images }), {
      message: /"int8" can't do this: can't differentiate QuantizeLinear.*"float32"/,
    });
  });
});
