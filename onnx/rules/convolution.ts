import { int, ints } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { total } from "../emit/arithmetic.ts";
import { reduce } from "../emit/reduce.ts";
import { expandedLike, unsqueezed } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { staticShape } from "../fact.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { turnedWeights, weightsCotangent } from "./convolution-weights.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules, ReverseRule } from "./rule.ts";
import { transposedWindow } from "./transposed-window.ts";
import {
  type Fit,
  fitsOf,
  paddings,
  pictureAxes,
  reachOf,
  type Slide,
  slideOf,
  spread,
} from "./window.ts";

/** x * W + b, of Conv and ConvTranspose alike: linear in x and in W, and in b, along the channels. */
const forward: ForwardRule = (node, [x, w, b], graph) => {
  const [input = "", weights = ""] = node.input;
  const product = (inputs: readonly string[]): string | undefined => graph.again(node, inputs)[0];
  const rank = graph.fact(outputOf(node)).shape?.length;
  if (b !== undefined && rank === undefined) {
    throw unsupported(node, graph.opset, "its bias depends on x and its rank is not known");
  }
  const perChannel = b && unsqueezed(graph, b, axesButSecond(rank ?? 0));
  const sum = total(graph, [x && product([x, weights]), w && product([input, w]), perChannel]);
  return [sum && expandedLike(graph, sum, outputOf(node))];
};

/** From [C] to [1, C, 1, ...]: the axes but the second. */
function axesButSecond(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1);
}

function groupsOf(node: GraphNode): number {
  return intOf(node, "group", 1);
}

/** The sum over all but the channels. */
function biasCotangent(graph: Emitter, cotangent: string, { window }: Slide): string {
  return reduce(graph, "ReduceSum", cotangent, [0, ...pictureAxes(window)], false);
}

const conv: ReverseRule = (node, [cotangent], [x, w, b], graph) => {
  if (cotangent === undefined) return [];
  const [wide, weights] = [inputOf(node), inputOf(node, 1)];
  const slide = slideOf(node, graph, { wide, slid: outputOf(node), weights });
  const product = { wide, slid: cotangent, groups: groupsOf(node), slide };
  return [
    x ? convInput(node, graph, cotangent, slide) : undefined,
    w ? weightsCotangent(node, graph, product) : undefined,
    b ? biasCotangent(graph, cotangent, slide) : undefined,
  ];
};

/** Up to this many channels ConvTranspose is faster than Conv, which computes them 8 or 16 at a time. */
const FEW_CHANNELS = 8;

/**
 * Convolved with the weights turned where the stride is 1: in ONNX Runtime that costs 0.5 to 0.7 of the time of
 * ConvTranspose, whose products it adds up one by one.
 */
function convInput(node: GraphNode, graph: Emitter, cotangent: string, slide: Slide): string {
  const { window } = slide;
  const weights = inputOf(node, 1);
  const groups = groupsOf(node);
  const around = turnedPaddings(slide, fitsOf(slide, graph));
  const { shape } = graph.fact(weights);
  const isKnown = groups === 1 || staticShape(graph.fact(weights)) !== undefined;
  const isNarrow = typeof shape?.[1] === "number" && shape[1] * groups <= FEW_CHANNELS;
  if (around === undefined || !isKnown || isNarrow) {
    return spread(graph, cotangent, weights, groups, slide);
  }
  return graph.node("Conv", [cotangent, turnedWeights(graph, weights, groups, window.kernel)], {
    group: int(groups),
    dilations: ints(window.dilations),
    pads: paddings(around),
  });
}

/** The padding of the convolution that is the transpose of one of stride 1; undefined where there is none. */
function turnedPaddings(
  { window }: Slide,
  fits: readonly Fit[] | undefined,
): readonly Fit[] | undefined {
  if (window.strides.some((stride) => stride !== 1)) return undefined;
  const around = fits?.map(({ before, after, left }, axis) => {
    const most = reachOf(window, axis) - 1;
    return { before: most - before, after: most - after, left };
  });
  return around?.some(({ before, after }) => before < 0 || after < 0) ? undefined : around;
}

const convTranspose: ReverseRule = (node, [cotangent], [x, w, b], graph) => {
  if (cotangent === undefined) return [];
  const [slid, weights] = [inputOf(node), inputOf(node, 1)];
  const given = slideOf(node, graph, { wide: outputOf(node), slid, weights });
  const slide = { ...given, window: transposedWindow(node, graph, given.window) };
  const product = { wide: cotangent, slid, groups: groupsOf(node), slide };
  return [
    x ? convTransposeInput(node, graph, cotangent, slide) : undefined,
    w ? weightsCotangent(node, graph, product) : undefined,
    b ? biasCotangent(graph, cotangent, slide) : undefined,
  ];
};

function convTransposeInput(
  node: GraphNode,
  graph: Emitter,
  cotangent: string,
  { window }: Slide,
): string {
  // ONNX Runtime takes no output_padding as long as the stride, so the window fits as often as x is long.
  return graph.node("Conv", [cotangent, inputOf(node, 1)], {
    group: int(groupsOf(node)),
    strides: ints(window.strides),
    dilations: ints(window.dilations),
    pads: ints([0, 1].flatMap((end) => window.pads.map((pads) => pads[end] ?? 0))),
  });
}

export const convolutions: OperatorRules = {
  Conv: { forward, reverse: conv },
  ConvTranspose: { forward, reverse: convTranspose },
};
