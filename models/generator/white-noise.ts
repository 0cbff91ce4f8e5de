/**
 * Writes models of any size whose network costs next to nothing, so that what a server does besides can be measured:
 *
 *   node dist/models/generator/white-noise.js FOLDER SIZE...
 *
 * The data are white noise of variance 1, whose score under the VP process is -x at every time: the network's output is it.
 */
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";
import { writeMeasuredModel } from "./measured-model.ts";

const CHANNELS = 3;

/** x [batch, 3, size, size], t [batch] -> score of the shape of x. The time is taken in, as a network must, to no effect. */
function graphBytes(name: string, size: number): Uint8Array {
  const pictures = ["batch", CHANNELS, size, size] as const;
  const graph = new GraphBuilder(name);
  const x = graph.input("x", "float32", pictures);
  const time = graph.input("t", "float32", ["batch"]);
  const column = graph.initializer("column", tensor("int64", [4], [-1, 1, 1, 1]));
  const zero = graph.initializer("zero", tensor("float32", [], [0]));
  const nothing = graph.node("Mul", [graph.node("Reshape", [time, column]), zero]);
  graph.node("Sub", [nothing, x], {}, { name: "score" });
  graph.output("score", "float32", pictures);
  return writeModel(graph.build({ opset: 17, docString: "The exact score of white noise." }));
}

const [folder, ...sizes] = process.argv.slice(2);
if (folder === undefined || sizes.length === 0) {
  process.stderr.write("usage: white-noise.js FOLDER SIZE...\n");
  process.exit(2);
}
const names = sizes.map((size) => `white-noise-${size}`);
for (const [i, name] of names.entries()) {
  const size = Number(sizes[i]);
  await writeMeasuredModel(folder, {
    ...{ name, description: "White noise, for measurements.", size, channels: CHANNELS },
    ...{ output: "score", graph: graphBytes(name, size) },
    source: "models/generator/white-noise.ts",
  });
}
process.stdout.write(`${JSON.stringify({ names })}\n`);
