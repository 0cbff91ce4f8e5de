import test from "ava";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";
import { drawnValues, worstDifference } from "../testing/drawn-values.ts";
import { eventsOf, startEngine } from "../testing/start-engine.ts";
import { merge, withFolder, writeModelFolder } from "./test-model-folder.ts";

/** Of the data N(0, STD^2), whose score is known. */
const STD = 0.5;

/** Noise of such data under a VP process: n(x, std) = std x / ((1 - std^2) STD^2 + std^2), all in the given type. */
function network(type: "float32" | "float16"): Uint8Array {
  const graph = new GraphBuilder(type);
  const x = graph.input("x", type, ["batch", 3, 4, 4]);
  const level = graph.input("t", type, ["batch"]);
  const constant = (name: string, value: number): string =>
    graph.initializer(name, tensor(type, [], [value]));
  const axes = graph.initializer("axes", tensor("int64", [3], [1, 2, 3]));
  const std = graph.node("Unsqueeze", [level, axes]);
  const squared = graph.node("Mul", [std, std]);
  const data = graph.node("Mul", [
    graph.node("Sub", [constant("one", 1), squared]),
    constant("variance", STD ** 2),
  ]);
  const variance = graph.node("Add", [data, squared]);
  const noise = graph.node("Div", [graph.node("Mul", [x, std]), variance], {}, { name: "noise" });
  graph.output(noise, type, ["batch", 3, 4, 4]);
  return writeModel(graph.build({ opset: 17 }));
}

test("a network of halves serves: its samples are those of float32 but for rounding", async (t) => {
  await withFolder(async (folder) => {
    for (const type of ["float32", "float16"] as const) {
      await writeModelFolder(folder, type, {
        graph: network(type),
        manifest: (json) => {
          merge("", { name: type })(json);
          merge("score.input", { type })(json);
          merge("score.time", { type, kind: "std" })(json);
          merge("score.output", { type, kind: "noise", name: "noise" })(json);
        },
      });
    }
    const started = await startEngine({ folder, models: ["float32", "float16"] });
    t.teardown(() => started.close());
    const [single, half] = [
      await drawnValues(started, "float32"),
      await drawnValues(started, "float16"),
    ];
    t.is(half.length, 5 * 48);
    const worst = worstDifference(half, single);
    // A half keeps 2^-11 of a noise of size up to 4, which 50 steps of the reverse process add up.
    t.true(worst < 0.05, `${worst}`);
    t.true(worst > 1e-6, "the network was not one of halves");
    const value = { shape: { channels: 3, height: 4, width: 4 }, float32: Buffer.alloc(4 * 48) };
    const source = { $case: "tensor", value } as const;
    // Tighter ones ask for more than halves have.
    const solver = { relativeTolerance: 1e-3, absoluteTolerance: 1e-3 };
    const bits = async (model: string): Promise<number> => {
      const events = await eventsOf(started.logLikelihood({ model, images: [{ source }], solver }));
      const likelihoods = events.flatMap(({ event }) =>
        event?.$case === "likelihood" ? [event.value.bitsPerDim] : [],
      );
      t.is(likelihoods.length, 1);
      return likelihoods[0] ?? Number.NaN;
    };
    const [exact, coarse] = [await bits("float32"), await bits("float16")];
    t.true(Math.abs(coarse - exact) < 0.02, `${coarse} bits per dimension, of float32 ${exact}`);
  });
});
