import type { Fact } from "../fact.ts";
import { intOf } from "../node-attributes.ts";
import { frontAxis, product } from "./dimension.ts";
import {
  axesOf,
  type InferenceContext,
  type InferenceRule,
  type InferenceRules,
  inputFact,
  rulesFor,
} from "./rule.ts";

/** The shape without the given axes, or with them of length 1. */
function reducedShape(shape: Fact["shape"], axes: readonly number[], keep: boolean): Fact["shape"] {
  const rank = shape?.length ?? 0;
  const gone = axes.map((axis) => frontAxis(axis, rank));
  if (keep) return shape?.map((dim, i) => (gone.includes(i) ? 1 : dim));
  return shape?.filter((_, i) => !gone.includes(i));
}

/** The axes that a reduction reduces, counted from the front; undefined where they are not known. */
export function reducedAxes(context: InferenceContext): readonly number[] | undefined {
  const rank = inputFact(context, 0).shape?.length;
  const axes = axesOf(context, 1);
  if (rank === undefined || (axes.given && axes.axes === undefined)) return undefined;
  const given = axes.given ? (axes.axes ?? []) : [];
  if (given.length > 0) return given.map((axis) => frontAxis(axis, rank));
  const none = intOf(context.node, "noop_with_empty_axes", 0) === 1;
  return none ? [] : Array.from({ length: rank }, (_, i) => i);
}

const reduction: InferenceRule = (context) => {
  const { type, shape, elements } = inputFact(context, 0);
  const keep = intOf(context.node, "keepdims", 1) === 1;
  const axes = reducedAxes(context);
  if (axes === undefined) return [{ type, shape: keep ? shape?.map(() => undefined) : undefined }];
  const isListProduct =
    context.node.opType === "ReduceProd" && shape?.length === 1 && axes.length === 1;
  return [
    {
      type,
      shape: reducedShape(shape, axes, keep),
      elements: isListProduct && elements ? [product(elements)] : undefined,
    },
  ];
};

const arg: InferenceRule = (context) => {
  const axis = intOf(context.node, "axis", 0);
  const keep = intOf(context.node, "keepdims", 1) === 1;
  return [{ type: "int64", shape: reducedShape(inputFact(context, 0).shape, [axis], keep) }];
};

export const reductions: InferenceRules = {
  ...rulesFor("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2", reduction),
  ...rulesFor("ReduceSumSquare ReduceLogSum ReduceLogSumExp", reduction),
  ...rulesFor("ArgMax ArgMin", arg),
};
