import { int } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { constantValues, indices } from "../emit/constant.ts";
import { castTo, reshapedLike, reshapedTo, shapeOf, transposed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf, intsOf, stringOf } from "../node-attributes.ts";
import { type Transpose, transposable } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

/** The same elements in another shape: back in that of the input. */
const reshape: Transpose = (cotangent, node, graph) =>
  reshapedLike(graph, cotangent, inputOf(node));

const identity: Transpose = (cotangent) => cotangent;

/** Without an order of its own it reverses the axes, as its inverse does. */
const transpose: Transpose = (cotangent, node, graph) => {
  const perm = intsOf(node, "perm");
  if (perm === undefined) return graph.node("Transpose", [cotangent]);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return transposed(graph, cotangent, inverse);
};

const cast: Transpose = (cotangent, node, graph) => {
  const { type } = graph.fact(inputOf(node));
  if (type !== undefined) return castTo(graph, cotangent, type);
  throw unsupported(node, graph.opset, "the type of its input is not known");
};

/** At inference it hands its input on. */
const dropout: OperatorRule = {
  forward(node, [tangent], graph) {
    refuseTraining(node, graph);
    return [tangent, undefined];
  },
  reverse(node, [cotangent], _, graph) {
    refuseTraining(node, graph);
    return [cotangent];
  },
};

function refuseTraining(node: GraphNode, graph: Emitter): void {
  const training = inputOf(node, 2);
  if (training === "" || constantValues(graph, training)?.[0] === 0) return;
  const advice = "Export the model after .eval()";
  throw unsupported(node, graph.opset, "it may be in training mode", advice);
}

/**
 * SpaceToDepth puts a block's pixels before the channels, as DepthToSpace's mode DCR reads them. In the mode CRD they
 * come after them: each channel is then a picture of its own.
 */
const depthToSpace: Transpose = (cotangent, node, graph) => {
  const attributes = { blocksize: int(intOf(node, "blocksize", 1)) };
  if (stringOf(node, "mode", "DCR") === "DCR") {
    return graph.node("SpaceToDepth", [cotangent], attributes);
  }
  const pictures = singleChannels(graph, cotangent, outputOf(node));
  return reshapedLike(graph, graph.node("SpaceToDepth", [pictures], attributes), inputOf(node));
};

/** From [N, C, H, W] to [N C, 1, H, W]. @param like a value of the shape, of which more may be known */
function singleChannels(graph: Emitter, value: string, like: string): string {
  const [, , height, width] = graph.fact(like).shape ?? [];
  if (typeof height === "number" && typeof width === "number") {
    return reshapedTo(graph, value, [-1, 1, height, width]);
  }
  const picture = graph.node("Gather", [shapeOf(graph, like), indices(graph, [2, 3])]);
  const shape = graph.node("Concat", [indices(graph, [-1, 1]), picture], { axis: int(0) });
  return graph.node("Reshape", [value, shape]);
}

const spaceToDepth: Transpose = (cotangent, node, graph) =>
  graph.node("DepthToSpace", [cotangent], { blocksize: int(intOf(node, "blocksize", 1)) });

/** A mask of 0s and 1s is its own transpose. */
const trilu: Transpose = (cotangent, node, graph) =>
  graph.again(node, [cotangent, ...node.input.slice(1)])[0] ?? "";

export const layout: OperatorRules = {
  Reshape: transposable(reshape),
  Flatten: transposable(reshape),
  Squeeze: transposable(reshape),
  Unsqueeze: transposable(reshape),
  Transpose: transposable(transpose),
  Identity: transposable(identity),
  Dropout: dropout,
  Cast: transposable(cast),
  CastLike: transposable(cast),
  DepthToSpace: transposable(depthToSpace),
  SpaceToDepth: transposable(spaceToDepth),
  Trilu: transposable(trilu),
};
