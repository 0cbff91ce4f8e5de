import { unsupported } from "../differentiation-error.ts";
import { constantValues, scalar } from "../emit/constant.ts";
import { zerosLike } from "../emit/shape.ts";
import { stringOf } from "../node-attributes.ts";
import { linear } from "./linear.ts";
import { inputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** Zeros stand for the inputs that don't depend on x. */
const concat: ForwardRule = (node, tangents, graph) =>
  graph.again(
    node,
    node.input.map((name, i) => tangents[i] ?? zerosLike(graph, name)),
  );

/** The padding is constant, so 0 in the tangent; the other modes repeat x's elements, and so do its tangent's. */
const pad: ForwardRule = (node, tangents, graph) => {
  const [tangent = "", ...others] = tangents;
  if (tangent === "" || others.some((other) => other !== undefined)) {
    throw unsupported(node, graph.opset, "what it pads with depends on x");
  }
  if (stringOf(node, "mode", "constant") !== "constant") {
    return graph.again(node, [tangent, ...node.input.slice(1)]);
  }
  const [value] = constantValues(graph, inputOf(node, 2)) ?? [];
  const isZero = inputOf(node, 2) === "" || value === 0;
  const zero = isZero ? inputOf(node, 2) : scalar(graph, 0, tangent);
  return graph.again(node, [tangent, inputOf(node, 1), zero, ...node.input.slice(3)]);
};

/** At inference it hands its input on. */
const dropout: ForwardRule = (node, [tangent], graph) => {
  const training = inputOf(node, 2);
  if (training !== "" && constantValues(graph, training)?.[0] !== 0) {
    const advice = "Export the model after .eval()";
    throw unsupported(node, graph.opset, "it may be in training mode", advice);
  }
  return [tangent, undefined];
};

export const layout: OperatorRules = {
  Reshape: { forward: linear },
  Flatten: { forward: linear },
  Squeeze: { forward: linear },
  Unsqueeze: { forward: linear },
  Transpose: { forward: linear },
  Expand: { forward: linear },
  Tile: { forward: linear },
  Slice: { forward: linear },
  Split: { forward: linear },
  Concat: { forward: concat },
  Pad: { forward: pad },
  Identity: { forward: linear },
  Dropout: { forward: dropout },
  Cast: { forward: linear },
  CastLike: { forward: linear },
  DepthToSpace: { forward: linear },
  SpaceToDepth: { forward: linear },
  Trilu: { forward: linear },
};
