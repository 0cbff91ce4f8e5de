import { unsupported } from "../differentiation-error.ts";
import { zerosLike } from "../emit/shape.ts";
import { stringOf } from "../node-attributes.ts";
import { linear } from "./linear.ts";
import { inputOf } from "./pointwise.ts";
import type { ForwardRule, OperatorRules } from "./rule.ts";

/** Puts updates into x at given places: linear in x and the updates together, where it replaces or adds. */
const scatter: ForwardRule = (node, [x, , updates], graph) => {
  const reduction = stringOf(node, "reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    throw unsupported(node, graph.opset, `reduction ${reduction} is not linear`);
  }
  return graph.again(node, [
    x ?? zerosLike(graph, inputOf(node)),
    inputOf(node, 1),
    updates ?? zerosLike(graph, inputOf(node, 2)),
  ]);
};

export const gathering: OperatorRules = {
  Gather: { forward: linear },
  GatherElements: { forward: linear },
  GatherND: { forward: linear },
  ScatterElements: { forward: scatter },
  ScatterND: { forward: scatter },
};
