import { unsupported } from "../differentiation-error.ts";
import { stringOf } from "../node-attributes.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** Every mode takes weighted sums of the picture's elements: itself on the tangent. */
const resize: ForwardRule = (node, tangents, graph) => {
  const [tangent, ...others] = tangents;
  if (tangent === undefined || others.some((other) => other !== undefined)) {
    throw unsupported(node, graph.opset, "the size that it resizes to depends on x");
  }
  if (stringOf(node, "coordinate_transformation_mode", "") === "tf_crop_and_resize") {
    throw unsupported(node, graph.opset, "tf_crop_and_resize fills in constants");
  }
  return graph.again(node, [tangent, ...node.input.slice(1)]);
};

export const resizes: OperatorRules = {
  Resize: { forward: resize },
};
