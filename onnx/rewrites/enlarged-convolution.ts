import { int, ints } from "../attribute.ts";
import { constantValues, indices } from "../emit/constant.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf, intsOf, stringOf } from "../node-attributes.ts";
import { tensor } from "../tensor.ts";
import { ownProducer, type Rewrite, type Weights, weightsOf } from "./rewrite.ts";

/**
 * A 3x3 convolution of a picture enlarged twofold, each pixel to 2x2 equal ones, with a third less to compute. Rows 2 i
 * and 2 i + 1 of the enlarged picture are equal, so of the three rows that an output row is computed from two are:
 * one of 2x3 with their weights added up does as well. Even and odd output rows have weights of their own, and each
 * convolution takes a picture that is enlarged along its width alone.
 *
 * Rows are interleaved by joining them along the width: [.., H, W] and [.., H, W] to [.., H, 2 W], which is [.., 2 H, W].
 * The width is not divided so: joining single pixels costs what it would save.
 */
export const enlargedConvolution: Rewrite = (node, graph) => {
  if (node.opType !== "Conv" || !isPlain(node)) return [];
  const [enlarged = "", w = "", ...bias] = node.input;
  const resize = ownProducer(graph, enlarged, "Resize", node);
  if (resize === undefined || !doubles(graph, resize)) return [];
  const weights = weightsOf(graph, w);
  const [, , height, width] = graph.fact(node.output[0] ?? "").shape ?? [];
  if (typeof height !== "number" || typeof width !== "number") return [];
  if (weights?.shape.slice(2).join() !== "3,3") return [];
  const [x = "", region = ""] = resize.input;
  const scales = graph.constant(tensor("float32", [4], [1, 1, 1, 2]));
  const wide = graph.again(resize, [x, region, scales])[0] ?? "";
  const rows = [0, 1].map((parity) => {
    const attributes = {
      group: int(intOf(node, "group", 1)),
      kernel_shape: ints([2, 3]),
      pads: ints([1 - parity, 1, parity, 1]),
    };
    return graph.node("Conv", [wide, rowWeights(graph, weights, parity), ...bias], attributes);
  });
  const joined = graph.node("Concat", rows, { axis: int(3) });
  const channels = weights.shape[0] ?? 0;
  const shape = indices(graph, [0, channels, height, width]);
  graph.define(node.output, "Reshape", [joined, shape]);
  return [node];
};

/** A window that moves by 1 and sees one pixel of zeros around the picture. */
function isPlain(node: GraphNode): boolean {
  const are = (name: string, value: string): boolean =>
    (intsOf(node, name)?.join() ?? value) === value;
  const padding = stringOf(node, "auto_pad", "NOTSET");
  const padded = intsOf(node, "pads")?.join() === "1,1,1,1";
  return padding === "NOTSET" && padded && are("strides", "1,1") && are("dilations", "1,1");
}

/** Whether pixel i of the result is pixel floor(i / 2) of the picture, along height and width. */
function doubles(graph: Emitter, resize: GraphNode): boolean {
  const [, , scales = "", sizes = ""] = resize.input;
  return (
    sizes === "" &&
    intsOf(resize, "axes") === undefined &&
    constantValues(graph, scales)?.join() === "1,1,2,2" &&
    stringOf(resize, "mode", "nearest") === "nearest" &&
    stringOf(resize, "coordinate_transformation_mode", "half_pixel") === "asymmetric" &&
    stringOf(resize, "nearest_mode", "round_prefer_floor") === "floor"
  );
}

/**
 * Weights [C, D, 3, 3] as [C, D, 2, 3]: output row 2 i is of rows i - 1, i, i of the picture, 2 i + 1 of i, i, i + 1.
 *
 * @param parity 0 for even output rows, 1 for odd ones
 */
function rowWeights(graph: Emitter, { shape, values }: Weights, parity: number): string {
  const kernels = values.length / 9;
  const two = new Float32Array(6 * kernels);
  for (let kernel = 0; kernel < kernels; kernel++) {
    for (let column = 0; column < 3; column++) {
      const [a = 0, b = 0, c = 0] = [0, 3, 6].map((row) => values[9 * kernel + row + column]);
      two[6 * kernel + column] = parity === 0 ? a : a + b;
      two[6 * kernel + 3 + column] = parity === 0 ? b + c : c;
    }
  }
  return graph.constant(tensor("float32", [...shape.slice(0, 2), 2, 3], two));
}
