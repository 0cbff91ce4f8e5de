import { ints } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { scaled } from "../emit/arithmetic.ts";
import { constantValues } from "../emit/constant.ts";
import { reshapedLike } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { sameDimension } from "../fact.ts";
import { type GraphNode, intsOf, stringOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import { alongAxis, type Change } from "./resize-weights.ts";
import type { ForwardRule, OperatorRules, ReverseRule } from "./rule.ts";

/** Every mode takes weighted sums of the picture's elements: itself on the tangent. */
const resize: ForwardRule = (node, tangents, graph) => {
  const [tangent, ...others] = tangents;
  refuse(
    node,
    graph,
    others.some((other) => other !== undefined),
  );
  return graph.again(node, [tangent ?? "", ...node.input.slice(1)]);
};

/** The transpose, axis by axis: the weighted sums of one axis don't depend on the others. */
const resizeBack: ReverseRule = (node, [dy], wanted, graph) => {
  refuse(node, graph, wanted.slice(1).includes(true));
  if (dy === undefined) return [];
  if (
    !hasScales(node, graph) &&
    stringOf(node, "keep_aspect_ratio_policy", "stretch") !== "stretch"
  ) {
    throw unsupported(
      node,
      graph.opset,
      "it keeps the ratio of the sizes, so its scale is not known",
    );
  }
  const x = inputOf(node);
  const { shape, type } = graph.fact(x);
  if (shape === undefined) {
    throw unsupported(node, graph.opset, "the rank of its input is not known");
  }
  const changes = shape.map((_, axis) => changeOf(node, graph, axis));
  if (changes.some((change) => isShift(node, graph, change))) {
    throw unsupported(node, graph.opset, "it moves the elements of an axis whose length it keeps");
  }
  const blocks = blockLengths(node, changes);
  if (blocks !== undefined && type === "float32") return [sumOfBlocks(graph, dy, blocks)];
  const sum = changes.reduce(
    (value, change) => (change.scale === 1 ? value : alongAxis(node, graph, value, change)),
    dy,
  );
  return [reshapedLike(graph, sum, x)];
};

function refuse(node: GraphNode, graph: Emitter, othersDepend: boolean): void {
  if (othersDepend) {
    throw unsupported(node, graph.opset, "the size that it resizes to depends on x");
  }
  if (stringOf(node, "coordinate_transformation_mode", "") === "tf_crop_and_resize") {
    throw unsupported(node, graph.opset, "tf_crop_and_resize fills in constants");
  }
}

function changeOf(node: GraphNode, graph: Emitter, axis: number): Change {
  const [before, after] = [inputOf(node), outputOf(node)].map((name) => graph.fact(name).shape);
  const axes = intsOf(node, "axes")?.map((entry) => frontAxis(entry, before?.length ?? 0));
  const at = axes === undefined ? axis : axes.indexOf(axis);
  if (at < 0) return { axis, at: undefined, scale: 1 };
  if (hasScales(node, graph)) {
    return { axis, at, scale: constantValues(graph, inputOf(node, 2))?.[at] };
  }
  const [long, short] = [after?.[axis], before?.[axis]];
  if (sameDimension(long, short)) return { axis, at: undefined, scale: 1 };
  const isKnown = typeof long === "number" && typeof short === "number";
  return { axis, at: undefined, scale: isKnown ? long / short : undefined };
}

/**
 * Whether an axis keeps its length at a scale other than 1. Its weights can't be told from a picture of which
 * nothing else changes: ONNX Runtime hands such a picture on as it is.
 */
function isShift(node: GraphNode, graph: Emitter, { axis, scale }: Change): boolean {
  const [long, short] = [outputOf(node), inputOf(node)].map(
    (name) => graph.fact(name).shape?.[axis],
  );
  return scale !== undefined && scale !== 1 && typeof long === "number" && long === short;
}

/** Whether the scales say the output's size; they can be there and empty. */
function hasScales(node: GraphNode, graph: Emitter): boolean {
  return inputOf(node, 2) !== "" && graph.fact(inputOf(node, 2)).shape?.[0] !== 0;
}

/** How often each axis of the picture repeats its elements, where it does nothing else. */
function blockLengths(node: GraphNode, changes: readonly Change[]): readonly number[] | undefined {
  const [rows, channels, ...picture] = changes.map(({ scale }) => scale);
  const lengths = picture.filter((scale) => scale !== undefined && Number.isInteger(scale));
  const isOfPicture = rows === 1 && channels === 1 && lengths.length === picture.length;
  return isOfPicture && repeatsElements(node) ? lengths.map(Number) : undefined;
}

/** Whether an integer scale repeats each element as often. */
function repeatsElements(node: GraphNode): boolean {
  if (stringOf(node, "mode", "nearest") !== "nearest") return false;
  const coordinates = stringOf(node, "coordinate_transformation_mode", "half_pixel");
  const rounding = stringOf(node, "nearest_mode", "round_prefer_floor");
  if (coordinates === "asymmetric") return rounding === "floor";
  return coordinates.includes("half_pixel") && rounding.startsWith("round");
}

function sumOfBlocks(graph: Emitter, value: string, lengths: readonly number[]): string {
  const count = lengths.reduce((product, length) => product * length, 1);
  if (count === 1) return value;
  const blocks = ints(lengths);
  const means = graph.node("AveragePool", [value], { kernel_shape: blocks, strides: blocks });
  return scaled(graph, count, means);
}

export const resizes: OperatorRules = {
  Resize: { forward: resize, reverse: resizeBack },
};
