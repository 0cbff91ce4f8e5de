import { unsupported } from "../differentiation-error.ts";
import { constantValues, indices, scalar } from "../emit/constant.ts";
import { addedAlong, countedTo, lengthOf } from "../emit/moved.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, stringOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import { inputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

/** The padding is constant, so 0 in the tangent; the other modes repeat x's elements, and so do its tangent's. */
const pad: OperatorRule = {
  forward(node, tangents, graph) {
    const [tangent = "", ...others] = tangents;
    if (tangent === "" || others.some((other) => other !== undefined)) {
      throw unsupported(node, graph.opset, "what it pads with depends on x");
    }
    if (!isConstantPad(node)) return graph.again(node, [tangent, ...node.input.slice(1)]);
    const [value] = constantValues(graph, inputOf(node, 2)) ?? [];
    const isZero = inputOf(node, 2) === "" || value === 0;
    const zero = isZero ? inputOf(node, 2) : scalar(graph, 0, tangent);
    return graph.again(node, [tangent, inputOf(node, 1), zero, ...node.input.slice(3)]);
  },
  reverse(node, [cotangent], wanted, graph) {
    if (cotangent === undefined) return [];
    if (wanted[2]) throw unsupported(node, graph.opset, "what it pads with depends on x");
    if (!isConstantPad(node)) return [repeatedBack(cotangent, node, graph)];
    const pads = constantValues(graph, inputOf(node, 1));
    const opposite = pads
      ? indices(
          graph,
          pads.map((length) => -length),
        )
      : graph.node("Neg", [inputOf(node, 1)]);
    return graph.again(node, [cotangent, opposite, "", ...node.input.slice(3)]);
  },
};

/** What the padding repeats of each axis, added to it. */
function repeatedBack(cotangent: string, node: GraphNode, graph: Emitter): string {
  const x = inputOf(node);
  const rank = graph.fact(x).shape?.length ?? 0;
  const pads = constantValues(graph, inputOf(node, 1));
  const axes = inputOf(node, 3) === "" ? undefined : constantValues(graph, inputOf(node, 3));
  if (pads === undefined || rank === 0 || (inputOf(node, 3) !== "" && axes === undefined)) {
    throw unsupported(node, graph.opset, "how much it pads is not known, or the rank of its input");
  }
  const count = pads.length / 2;
  return Array.from({ length: count }, (_, i) => i).reduce((value, i) => {
    const [before = 0, after = 0] = [pads[i], pads[i + count]];
    if (before === 0 && after === 0) return value;
    const axis = frontAxis(axes?.[i] ?? i, rank);
    const length = lengthOf(graph, x, axis);
    const list = [countedTo(graph, length), indices(graph, [before, after])];
    const [places = ""] = graph.again(node, list);
    return addedAlong(graph, value, { axis, rank, places, length });
  }, cotangent);
}

function isConstantPad(node: GraphNode): boolean {
  return stringOf(node, "mode", "constant") === "constant";
}

export const padding: OperatorRules = {
  Pad: pad,
};
