import { int } from "../attribute.ts";
import { unsupported } from "../differentiation-error.ts";
import { indices } from "../emit/constant.ts";
import { addedAlong, lengthOf } from "../emit/moved.ts";
import { castTo, reshapedTo, shapeOf, zerosLike } from "../emit/shape.ts";
import type { Emitter } from "../emitter.ts";
import { type GraphNode, intOf, stringOf } from "../node-attributes.ts";
import { frontAxis } from "../shape-inference/dimension.ts";
import type { Dimension } from "../value-info.ts";
import { type Transpose, transposable } from "./linear.ts";
import { taking } from "./parts.ts";
import { inputOf } from "./pointwise.ts";
import type { OperatorRule, OperatorRules } from "./rule.ts";

const gather: Transpose = (cotangent, node, graph) => {
  const [x, at] = [inputOf(node), inputOf(node, 1)];
  const { shape } = graph.fact(x);
  if (shape === undefined) {
    throw unsupported(node, graph.opset, "the rank of its input is not known");
  }
  const axis = frontAxis(intOf(node, "axis", 0), shape.length);
  const length = lengthOf(graph, x, axis);
  const list = reshapedTo(graph, castTo(graph, at, "int64"), [-1]);
  // Counted from the front: the remainder has the divisor's sign.
  const places = graph.node("Mod", [list, length]);
  const taken = { axis, rank: shape.length, places, length };
  return addedAlong(graph, listed(cotangent, x, axis, shape, graph), taken);
};

/** What was gathered from x along an axis in the shape of x, but along that axis. */
function listed(
  value: string,
  x: string,
  axis: number,
  shape: readonly Dimension[],
  graph: Emitter,
): string {
  const known = shape.with(axis, -1).filter((dim) => typeof dim === "number");
  if (known.length === shape.length) return reshapedTo(graph, value, known);
  const lengths = shape.map((_, i) =>
    i === axis
      ? indices(graph, [-1])
      : graph.node("Gather", [shapeOf(graph, x), indices(graph, [i])]),
  );
  return graph.node("Reshape", [value, graph.node("Concat", lengths, { axis: int(0) })]);
}

/** Puts updates into x at given places: linear in x and the updates together, where it replaces or adds. */
const scatter: OperatorRule = {
  forward(node, [x, , updates], graph) {
    checkReduction(node, graph);
    return graph.again(node, [
      x ?? zerosLike(graph, inputOf(node)),
      inputOf(node, 1),
      updates ?? zerosLike(graph, inputOf(node, 2)),
    ]);
  },
  reverse(node, [cotangent], wanted, graph) {
    if (cotangent === undefined) return [];
    const [at, updates] = [inputOf(node, 1), inputOf(node, 2)];
    const inX = (): string => {
      if (checkReduction(node, graph) === "add") return cotangent;
      return graph.again(node, [cotangent, at, zerosLike(graph, updates)])[0] ?? "";
    };
    const inUpdates = (): string =>
      node.opType === "ScatterND"
        ? graph.node("GatherND", [cotangent, at])
        : graph.node("GatherElements", [cotangent, at], { axis: int(intOf(node, "axis", 0)) });
    return [wanted[0] ? inX() : undefined, undefined, wanted[2] ? inUpdates() : undefined];
  },
};

function checkReduction(node: GraphNode, graph: Emitter): "none" | "add" {
  const reduction = stringOf(node, "reduction", "none");
  if (reduction === "none" || reduction === "add") return reduction;
  throw unsupported(node, graph.opset, `reduction ${reduction} is not linear`);
}

export const gathering: OperatorRules = {
  Gather: transposable(gather),
  GatherElements: transposable(taking(false)),
  GatherND: transposable(taking(false)),
  ScatterElements: scatter,
  ScatterND: scatter,
};
