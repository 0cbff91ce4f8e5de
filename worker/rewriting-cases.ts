import { float, int, ints, string } from "../onnx/attribute.ts";
import { GraphBuilder, type OnnxModel } from "../onnx/index.ts";
import { enlargedConvolution } from "../onnx/rewrites/enlarged-convolution.ts";
import { normalizationAffine } from "../onnx/rewrites/normalization-affine.ts";
import { parallelGemms } from "../onnx/rewrites/parallel-gemms.ts";
import type { Rewrite } from "../onnx/rewrites/rewrite.ts";
import { scaledSum } from "../onnx/rewrites/scaled-sum.ts";
import { tensor } from "../onnx/tensor.ts";
import { normals } from "./derivative-proof-inputs.ts";

/** A graph that a rule matches, and such as differ from it in one thing that the rule does not cover. */
export interface RewritingCase {
  readonly rewrite: Rewrite;
  readonly matches: Readonly<Record<string, OnnxModel>>;
  readonly misses: Readonly<Record<string, OnnxModel>>;
}

/** A graph that is being built, with weights from a counter. */
class Network {
  readonly graph: GraphBuilder = new GraphBuilder("network");
  #weights = 0;

  picture(channels: number): string {
    return this.graph.input("x", "float32", ["batch", channels, 4, 6]);
  }
  weights(...shape: readonly number[]): string {
    const count = shape.reduce((product, dim) => product * dim, 1);
    const values = new Float32Array(normals(++this.#weights, count));
    return this.graph.initializer(`weights${this.#weights}`, tensor("float32", shape, values));
  }
  numbers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.graph.initializer(
      `numbers${++this.#weights}`,
      tensor("float32", shape, [...values]),
    );
  }
  integers(...values: readonly number[]): string {
    const name = `integers${++this.#weights}`;
    return this.graph.initializer(name, tensor("int64", [values.length], values));
  }
  node(operator: string, inputs: readonly string[], attributes = {}): string {
    return this.graph.node(operator, inputs, attributes);
  }
  built(outputs: Readonly<Record<string, readonly (number | string)[]>>, opset = 17): OnnxModel {
    for (const [name, shape] of Object.entries(outputs)) this.graph.output(name, "float32", shape);
    return this.graph.build({ opset });
  }
}

const WINDOW = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };

/** (x + conv(x)) s, and what to have other in it. */
function residual({
  scale = [0.7],
  scaleFirst = false,
  bias = true,
  skip = false,
  sumIsRead = false,
  operator = "Add",
}: {
  readonly scale?: readonly number[];
  readonly scaleFirst?: boolean;
  readonly bias?: boolean;
  readonly skip?: boolean;
  readonly sumIsRead?: boolean;
  readonly operator?: string;
} = {}): OnnxModel {
  const one = new Network();
  const x = one.picture(3);
  const parameters = [one.weights(3, 3, 3, 3), ...(bias ? [one.weights(3)] : [])];
  const convolved = one.node("Conv", [x, ...parameters], WINDOW);
  const other = skip ? one.node("Conv", [x, one.weights(3, 3, 1, 1)]) : x;
  const sum = one.node(operator, [other, convolved]);
  const factor = one.numbers(scale, scale.length === 1 ? [] : [scale.length, 1, 1]);
  const y = one.node("Mul", scaleFirst ? [factor, sum] : [sum, factor]);
  const shape = ["batch", 3, 4, 6];
  return one.built(sumIsRead ? { [y]: shape, [sum]: shape } : { [y]: shape });
}

/** conv(x enlarged twofold), and what to have other in it. */
function enlarged({
  mode = "nearest",
  coordinates = "asymmetric",
  rounding = "floor",
  scales = [1, 1, 2, 2],
  kernel = 3,
  strides = [1, 1],
  pads = [1, 1, 1, 1],
  group = 1,
  isRead = false,
}: {
  readonly mode?: string;
  readonly coordinates?: string;
  readonly rounding?: string;
  readonly scales?: readonly number[];
  readonly kernel?: number;
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly group?: number;
  readonly isRead?: boolean;
} = {}): OnnxModel {
  const one = new Network();
  const inputs = [one.picture(4), "", one.numbers(scales)];
  const resized = one.node("Resize", inputs, {
    mode: string(mode),
    coordinate_transformation_mode: string(coordinates),
    nearest_mode: string(rounding),
  });
  const parameters = [one.weights(2, 4 / group, kernel, kernel), one.weights(2)];
  const y = one.node("Conv", [resized, ...parameters], {
    group: int(group),
    kernel_shape: ints([kernel, kernel]),
    strides: ints(strides),
    pads: ints(pads),
  });
  const [, , height = 1, width = 1] = scales;
  const reach = (length: number, axis: number): number =>
    Math.floor(
      (length + (pads[axis] ?? 0) + (pads[axis + 2] ?? 0) - kernel) / (strides[axis] ?? 1),
    );
  const shape = ["batch", 2, reach(4 * height, 0) + 1, reach(6 * width, 1) + 1];
  return one.built(
    isRead ? { [y]: shape, [resized]: ["batch", 4, 4 * height, 6 * width] } : { [y]: shape },
  );
}

/** x scale + shift of a picture of 3 channels. */
function affine(
  scaleShape: readonly number[],
  shiftShape: readonly number[],
  isSwapped = false,
): OnnxModel {
  const one = new Network();
  const [x, scale, shift] = [
    one.picture(3),
    one.weights(...scaleShape),
    one.weights(...shiftShape),
  ];
  const product = one.node("Mul", isSwapped ? [scale, x] : [x, scale]);
  const y = one.node("Add", isSwapped ? [shift, product] : [product, shift]);
  return one.built({ [y]: ["batch", 3, 4, 6] });
}

/** Linear layers of one value, each of which goes on to a scale + 1 and a shift of pictures. */
function modulations({
  transB = 1,
  raised = true,
  addend = 1,
  alpha = 1,
  layers = 3,
  size: given = 0,
} = {}): OnnxModel {
  const one = new Network();
  const t = one.graph.input("t", "float32", ["batch", 5]);
  const axes = one.integers(2, 3);
  const outputs: Record<string, readonly (number | string)[]> = {};
  for (let layer = 1; layer <= layers; layer++) {
    const size = given || 2 * layer;
    const w = transB === 1 ? one.weights(size, 5) : one.weights(5, size);
    const attributes = { transB: int(transB), alpha: float(alpha) };
    const y = one.node("Gemm", [t, w, one.weights(size)], attributes);
    if (!raised) {
      outputs[y] = ["batch", size];
      continue;
    }
    const whole = one.node("Unsqueeze", [y, axes]);
    const [scale = "", shift = ""] = one.graph.nodeWithOutputs(
      "Split",
      [whole, one.integers(layer, layer)],
      [`scale${layer}`, `shift${layer}`],
      { axis: int(1) },
    );
    outputs[one.node("Add", [scale, one.numbers([addend], [])])] = ["batch", layer, 1, 1];
    outputs[shift] = ["batch", layer, 1, 1];
  }
  return one.built(outputs);
}

/** Layers that go on in different ways. */
function unlikeLayers(): OnnxModel {
  const one = new Network();
  const t = one.graph.input("t", "float32", ["batch", 5]);
  const [a = "", b = ""] = [3, 4].map((size) =>
    one.node("Gemm", [t, one.weights(size, 5), one.weights(size)], { transB: int(1) }),
  );
  const raised = one.node("Unsqueeze", [a, one.integers(2)]);
  return one.built({ [raised]: ["batch", 3, 1], [b]: ["batch", 4] });
}

export const REWRITING_CASES: Readonly<Record<string, RewritingCase>> = {
  scaledSum: {
    rewrite: scaledSum,
    matches: {
      "of a picture and a convolution": residual(),
      "with the number first": residual({ scaleFirst: true }),
      "of two convolutions, without a bias": residual({ skip: true, bias: false }),
    },
    misses: {
      "a factor a channel": residual({ scale: [0.7, 0.8, 0.9] }),
      "a sum that others read": residual({ sumIsRead: true }),
      "no sum": residual({ operator: "Sub" }),
    },
  },
  enlargedConvolution: {
    rewrite: enlargedConvolution,
    matches: { "of a picture": enlarged(), "in groups": enlarged({ group: 2 }) },
    misses: {
      "a smooth enlargement": enlarged({ mode: "linear" }),
      "other places": enlarged({ coordinates: "half_pixel" }),
      "places rounded otherwise": enlarged({ rounding: "ceil" }),
      "threefold height": enlarged({ scales: [1, 1, 3, 2] }),
      "a wider window": enlarged({ kernel: 5 }),
      "every other pixel": enlarged({ strides: [2, 2] }),
      "no padding": enlarged({ pads: [0, 0, 0, 0] }),
      "an enlarged picture that others read": enlarged({ isRead: true }),
    },
  },
  parallelGemms: {
    rewrite: parallelGemms,
    matches: {
      "that are split and raised": modulations(),
      "that end": modulations({ raised: false }),
      "that go on in different ways": unlikeLayers(),
    },
    misses: {
      "one layer": modulations({ layers: 1 }),
      "weights the other way round": modulations({ transB: 0, size: 5, raised: false }),
      "a factor": modulations({ alpha: 2 }),
    },
  },
  normalizationAffine: {
    rewrite: normalizationAffine,
    matches: {
      "of [C, 1, 1]": affine([3, 1, 1], [3, 1, 1]),
      "of [1, C, 1, 1], constants first": affine([1, 3, 1, 1], [3, 1, 1], true),
    },
    misses: {
      "a scale a column": affine([1, 1, 6], [3, 1, 1]),
      "a shift a row of the batch": affine([3, 1, 1], [1, 1, 1, 1]),
    },
  },
};
