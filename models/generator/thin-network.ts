/**
 * Writes models of any size whose network is a thin U-Net of random weights: what a large model asks of a server, at little
 * cost. Its samples are smooth blots, as large as a 32nd of the network's fields:
 *
 *   node dist/models/generator/thin-network.js FOLDER SIZE...
 *
 * SIZE is height and width, a multiple of 32.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ints, string } from "../../onnx/attribute.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";

const CHANNELS = 3;
const WIDTH = 8;
/** What noise is averaged over in height and width on the way down: the first and the second time. */
const POOLS = [8, 4] as const;

/** A graph with weights out of one sequence. */
class Layers {
  readonly graph: GraphBuilder;
  #weights = 0;
  #state = 1;

  constructor(name: string) {
    this.graph = new GraphBuilder(name);
  }

  /** A convolution of 3 x 3, whose output has about the variance of its input, times the gain's square. */
  convolve(x: string, from: number, to: number, gain: number): string {
    const shape = [to, from, 3, 3];
    const std = gain / Math.sqrt(9 * from);
    const values = Array.from({ length: to * from * 9 }, () => std * this.#random());
    const weights = this.graph.initializer(
      `weights_${this.#weights++}`,
      tensor("float32", shape, values),
    );
    const attributes = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };
    return this.graph.node("Conv", [x, weights], attributes);
  }

  /** x / (1 + exp(-x)) */
  silu(x: string): string {
    return this.graph.node("Mul", [x, this.graph.node("Sigmoid", [x])]);
  }

  shrink(x: string, factor: number): string {
    const attributes = { kernel_shape: ints([factor, factor]), strides: ints([factor, factor]) };
    return this.graph.node("AveragePool", [x], attributes);
  }

  grow(x: string, factor: number): string {
    const scales = this.graph.initializer(
      `scales_${factor}`,
      tensor("float32", [4], [1, 1, factor, factor]),
    );
    return this.graph.node("Resize", [x, "", scales], { mode: string("linear") });
  }

  /** Of mean 0 and variance 1, the same in every run (a linear congruence modulo 2^31 - 1). */
  #random(): number {
    this.#state = (48_271 * this.#state) % 2_147_483_647;
    return Math.sqrt(12) * (this.#state / 2_147_483_647 - 0.5);
  }
}

/** x [batch, 3, size, size], t [batch] -> denoised of the shape of x, within (-1, 1). */
function graphBytes(name: string, size: number): Uint8Array {
  const pictures = ["batch", CHANNELS, size, size] as const;
  const layers = new Layers(name);
  const { graph } = layers;
  const x = graph.input("x", "float32", pictures);
  const time = graph.input("t", "float32", ["batch"]);
  const column = graph.initializer("column", tensor("int64", [4], [-1, 1, 1, 1]));
  const [first, second] = POOLS;
  // What is left of noise after averaging is made up for by the next layer's gain.
  const fine = layers.shrink(layers.silu(layers.convolve(x, CHANNELS, WIDTH, 1)), first);
  const middle = layers.silu(layers.convolve(fine, WIDTH, WIDTH, 4));
  const coarse = layers.convolve(layers.shrink(middle, second), WIDTH, WIDTH, 4);
  const timed = graph.node("Add", [coarse, graph.node("Reshape", [time, column])]);
  const up = layers.grow(layers.convolve(layers.silu(timed), WIDTH, WIDTH, 2), second);
  const blots = layers.grow(
    layers.convolve(graph.node("Add", [up, middle]), WIDTH, CHANNELS, 2),
    first,
  );
  graph.node("Tanh", [blots], {}, { name: "denoised" });
  graph.output("denoised", "float32", pictures);
  return writeModel(graph.build({ opset: 17, docString: "A thin U-Net of random weights." }));
}

const [folder, ...sizes] = process.argv.slice(2);
const wrong = sizes.find((size) => !(Number(size) > 0 && Number(size) % 32 === 0));
if (folder === undefined || sizes.length === 0 || wrong !== undefined) {
  process.stderr.write("usage: thin-network.js FOLDER SIZE..., each a multiple of 32\n");
  process.exit(2);
}
const names = sizes.map((size) => `thin-${size}`);
for (const [i, name] of names.entries()) {
  const size = Number(sizes[i]);
  const graph = graphBytes(name, size);
  const manifest = {
    ...{ formatVersion: 1, name, description: "Random weights, for tests and measurements." },
    ...{ shape: { channels: CHANNELS, height: size, width: size }, dataRange: [-1, 1], bits: 8 },
    forwardProcess: { kind: "vp", betaMin: 0.1, betaMax: 20 },
    score: {
      ...{ file: "score.onnx", sha256: createHash("sha256").update(graph).digest("hex") },
      ...{ input: { name: "x" }, time: { name: "t", kind: "t" } },
      output: { name: "denoised", kind: "denoised" },
    },
    sampler: { method: "fast", solver: "dpm-solver++2m", steps: 10 },
    provenance: { source: "models/generator/thin-network.ts", license: "MIT" },
  };
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "score.onnx"), graph);
  await writeFile(join(folder, name, "model.json"), JSON.stringify(manifest));
}
process.stdout.write(`${JSON.stringify({ names })}\n`);
