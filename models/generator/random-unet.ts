/**
 * Writes a model with a U-Net of any width and random weights, for measurements of what costs as much as a trained one:
 *
 *   node dist/models/generator/random-unet.js FOLDER WIDTH
 *
 * Of 32x32 in colour: residual blocks as DDPM's (group normalisation, SiLU, 3x3 convolutions, the time added in between) at
 * 32, 16 and 8, with WIDTH, 2 WIDTH and 4 WIDTH channels, and as many on the way back, each beside what was there before.
 */
import { float, int, ints, string } from "../../onnx/attribute.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { writeModel } from "../../onnx/model-file.ts";
import { tensor } from "../../onnx/tensor.ts";
import { fillNormal } from "../../sde/noise.ts";
import { writeMeasuredModel } from "./measured-model.ts";

const SIZE = 32;
const CHANNELS = 3;
/** Of a normalisation. */
const GROUPS = 8;

/** A U-Net of noise, layer by layer. */
class RandomUNet {
  readonly graph: GraphBuilder;
  readonly #embedding: string;
  readonly #embedded: number;
  #draws = 0;

  constructor(name: string, width: number) {
    this.graph = new GraphBuilder(name);
    const time = this.graph.input("t", "float32", ["batch"]);
    const column = this.#integers([-1, 1]);
    this.#embedded = 4 * width;
    const frequencies = this.#weights([1, this.#embedded], 10);
    const phases = this.graph.node("Mul", [
      this.graph.node("Reshape", [time, column]),
      frequencies,
    ]);
    this.#embedding = this.graph.node("Sin", [phases]);
  }

  /** Normal numbers of a standard deviation. */
  #weights(dims: readonly number[], std: number): string {
    const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    const draw = this.#draws++;
    fillNormal(values, { seed: 0n, sample: 0, draw });
    return this.graph.initializer(
      `weights_${draw}`,
      tensor(
        "float32",
        dims,
        values.map((value) => std * value),
      ),
    );
  }

  #integers(values: readonly number[]): string {
    const name = `integers_${this.#draws++}`;
    return this.graph.initializer(name, tensor("int64", [values.length], values));
  }

  convolution(x: string, from: number, to: number, kernel: number, stride = 1): string {
    const weights = this.#weights([to, from, kernel, kernel], 1 / Math.sqrt(from * kernel ** 2));
    const pad = (kernel - 1) / 2;
    return this.graph.node("Conv", [x, weights, this.#weights([to], 0.1)], {
      pads: ints([pad, pad, pad, pad]),
      strides: ints([stride, stride]),
    });
  }

  /** SiLU of the group normalisation of x. */
  #activated(x: string, channels: number, size: number): string {
    const { graph } = this;
    const grouped = graph.node("Reshape", [x, this.#integers([0, GROUPS, -1])]);
    const ones = this.#weights([GROUPS], 0);
    const scale = graph.node("Exp", [ones]);
    const normal = graph.node("InstanceNormalization", [grouped, scale, ones], {
      epsilon: float(1e-5),
    });
    const shape = this.#integers([-1, channels, size, size]);
    const back = graph.node("Reshape", [normal, shape]);
    const scaled = graph.node("Mul", [back, this.#weights([channels, 1, 1], 1)]);
    const shifted = graph.node("Add", [scaled, this.#weights([channels, 1, 1], 0.1)]);
    return graph.node("Mul", [shifted, graph.node("Sigmoid", [shifted])]);
  }

  block(x: string, from: number, to: number, size: number): string {
    const { graph } = this;
    const first = this.convolution(this.#activated(x, from, size), from, to, 3);
    const projection = this.#weights([this.#embedded, to], 1 / Math.sqrt(this.#embedded));
    const time = graph.node("MatMul", [this.#embedding, projection]);
    const placed = graph.node("Reshape", [time, this.#integers([-1, to, 1, 1])]);
    const timed = graph.node("Add", [first, placed]);
    const second = this.convolution(this.#activated(timed, to, size), to, to, 3);
    return graph.node("Add", [second, from === to ? x : this.convolution(x, from, to, 1)]);
  }

  /** Twice as high and as wide. */
  larger(x: string): string {
    const scales = this.graph.initializer(
      `scales_${this.#draws++}`,
      tensor("float32", [4], [1, 1, 2, 2]),
    );
    return this.graph.node("Resize", [x, "", scales], { mode: string("nearest") });
  }
}

/** x [batch, 3, 32, 32], t [batch] -> noise of the shape of x. */
function graphBytes(name: string, width: number): Uint8Array {
  const net = new RandomUNet(name, width);
  const { graph } = net;
  const pictures = ["batch", CHANNELS, SIZE, SIZE] as const;
  const levels = [1, 2, 4].map((factor, i) => ({ channels: factor * width, size: SIZE >> i }));
  let x = net.convolution(graph.input("x", "float32", pictures), CHANNELS, width, 3);
  let channels = width;
  const beside: { readonly x: string; readonly channels: number }[] = [];
  for (const [i, level] of levels.entries()) {
    if (i > 0) x = net.convolution(x, channels, channels, 3, 2);
    x = net.block(x, channels, level.channels, level.size);
    channels = level.channels;
    beside.push({ x, channels });
  }
  for (const [i, level] of levels.toReversed().entries()) {
    if (i > 0) x = net.larger(x);
    const before = beside.pop();
    if (before === undefined) throw new RangeError("a level without what was there before");
    x = graph.node("Concat", [x, before.x], { axis: int(1) });
    x = net.block(x, channels + before.channels, level.channels, level.size);
    channels = level.channels;
  }
  const last = net.convolution(x, channels, CHANNELS, 3);
  graph.node("Tanh", [last], {}, { name: "noise" });
  graph.output("noise", "float32", pictures);
  return writeModel(graph.build({ opset: 17, docString: "A U-Net of random weights." }));
}

const [folder, width] = process.argv.slice(2);
if (folder === undefined || !(Number(width) >= GROUPS && Number(width) % GROUPS === 0)) {
  process.stderr.write(`usage: random-unet.js FOLDER WIDTH, a multiple of ${GROUPS}\n`);
  process.exit(2);
}
const name = `random-unet-${width}`;
await writeMeasuredModel(folder, {
  ...{ name, description: "Random weights, for measurements.", size: SIZE, channels: CHANNELS },
  ...{ output: "noise", graph: graphBytes(name, Number(width)) },
  source: "models/generator/random-unet.ts",
});
process.stdout.write(`${JSON.stringify({ name })}\n`);
