import { int } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { sumTo } from "../emit/broadcast.ts";
import { constantValues, indices } from "../emit/constant.ts";
import { placesOf, putBack, SCATTER_ADDS_SINCE } from "../emit/moved.ts";
import { reduce } from "../emit/reduce.ts";
import { reshapedLike, shapeOf, zerosLike } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import { linear, type Transpose, transposable } from "./linear.ts";
import { inputOf, outputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

/** Transpose of an operator whose every output element is one of its first input's. @param distinct none of it twice */
export function taking(distinct: boolean): Transpose {
  return (cotangent, node, graph) => {
    if (!distinct && graph.opset < SCATTER_ADDS_SINCE) {
      const advice = `Export the model in opset ${SCATTER_ADDS_SINCE} or later`;
      const reason =
        "it may take an element twice, and nothing in this opset adds their cotangents";
      throw unsupported(node, graph.opset, reason, advice);
    }
    const x = inputOf(node);
    const [places = ""] = graph.again(node, [placesOf(graph, x), ...node.input.slice(1)]);
    return putBack(graph, cotangent, places, x, distinct);
  };
}

const expand: Transpose = (cotangent, node, graph) => sumTo(graph, cotangent, inputOf(node));

/** From [r0 d0, r1 d1, ...] to [r0, d0, r1, d1, ...], summed over the repeats. */
const tile: Transpose = (cotangent, node, graph) => {
  const [x, repeats] = [inputOf(node), inputOf(node, 1)];
  const rank = graph.fact(x).shape?.length;
  if (rank === undefined)
    throw unsupported(node, graph.opset, "the rank of its input is not known");
  const columns = [repeats, shapeOf(graph, x)].map((list) =>
    graph.node("Unsqueeze", [list, indices(graph, [1])]),
  );
  const pairs = graph.node("Concat", columns, { axis: int(1) });
  const shape = graph.node("Reshape", [pairs, indices(graph, [-1])]);
  const blocks = graph.node("Reshape", [cotangent, shape]);
  const axes = Array.from({ length: rank }, (_, axis) => 2 * axis);
  return reshapedLike(graph, reduce(graph, "ReduceSum", blocks, axes, false), x);
};

/** A part of each axis, in steps of 1: with zeros around it. Else element by element. */
const slice: Transpose = (cotangent, node, graph) => {
  const pads = slicePads(node, graph);
  if (pads === undefined) return taking(true)(cotangent, node, graph);
  return graph.node("Pad", [cotangent, indices(graph, pads)]);
};

/** What a slice leaves out before and after each axis; undefined where that is not known, or not all that it does. */
function slicePads(node: GraphNode, graph: Emitter): readonly number[] | undefined {
  const dims = graph.fact(inputOf(node)).shape;
  const sliced = graph.fact(outputOf(node)).shape;
  const [starts, axes, steps] = [1, 3, 4].map((i) => constantValues(graph, inputOf(node, i)));
  if (dims === undefined || sliced === undefined || starts === undefined) return undefined;
  if (inputOf(node, 4) !== "" && !steps?.every((step) => step === 1)) return undefined;
  if (inputOf(node, 3) !== "" && axes === undefined) return undefined;
  const before = dims.map(() => 0);
  const after = dims.map(() => 0);
  for (const [i, start] of starts.entries()) {
    const axis = frontAxis(axes?.[i] ?? i, dims.length);
    const [whole, part] = [dims[axis], sliced[axis]];
    // Of an axis of unknown length, all but the last elements can't be told from all.
    if (typeof whole !== "number" || typeof part !== "number") {
      if (whole !== undefined && whole === part) continue;
      return undefined;
    }
    const first = Math.min(Math.max(frontAxis(start, whole), 0), whole);
    before[axis] = first;
    after[axis] = whole - first - part;
  }
  return [...before, ...after];
}

/** The parts' cotangents joined, zeros for those that have none. */
const split: OperatorRule = {
  forward: linear,
  reverse(node, cotangents, _, graph) {
    const parts = node.output.map((name, i) => cotangents[i] ?? zerosLike(graph, name));
    return [graph.node("Concat", parts, { axis: int(intOf(node, "axis", 0)) })];
  },
};

/** Zeros stand for the inputs that don't depend on x. */
const concat: OperatorRule = {
  forward: (node, tangents, graph) =>
    graph.again(
      node,
      node.input.map((name, i) => tangents[i] ?? zerosLike(graph, name)),
    ),
  reverse(node, [cotangent], _, graph) {
    if (cotangent === undefined) return [];
    const axis = intOf(node, "axis", 0);
    const lengths = lengthsAlong(axis, node.input, graph);
    return graph.nodeWithOutputs("Split", [cotangent, lengths], node.input.length, {
      axis: int(axis),
    });
  },
};

/** The lengths of some values along an axis, as a list. */
function lengthsAlong(axis: number, values: readonly string[], graph: Emitter): string {
  const known = values.map((value) => graph.fact(value).shape?.at(axis));
  const numbers = known.filter((length) => typeof length === "number");
  if (numbers.length === known.length) return indices(graph, numbers);
  const lengths = values.map((value) =>
    graph.node("Gather", [shapeOf(graph, value), indices(graph, [axis])]),
  );
  return graph.node("Concat", lengths, { axis: int(0) });
}

export const parts: OperatorRules = {
  Expand: transposable(expand),
  Tile: transposable(tile),
  Slice: transposable(slice),
  Split: split,
  Concat: concat,
};
