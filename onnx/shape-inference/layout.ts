import type { Fact } from "../fact.ts";
import { intOf, intsOf } from "../node-attributes.ts";
import type { Dimension } from "../value-info.ts";
import { frontAxis, product, quotient } from "./dimension.ts";
import { movedElements } from "./moved-elements.ts";
import { axesOf, type InferenceRule, type InferenceRules, inputFact } from "./rule.ts";
import { shapeFromElements } from "./shape-arithmetic.ts";

/** The same elements in another shape. */
const rearranged = ({ type, elements }: Fact, shape: Fact["shape"]): readonly Fact[] => [
  { type, shape, elements },
];

const reshape: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const target = shapeFromElements(inputFact(context, 1));
  const allowZero = intOf(context.node, "allowzero", 0) === 1;
  const dims = target?.map((dim, i) => (dim === 0 && !allowZero ? fact.shape?.[i] : dim));
  const free = dims?.indexOf(-1) ?? -1;
  if (dims !== undefined && free >= 0) {
    const others = dims.filter((_, i) => i !== free);
    dims[free] = fact.shape === undefined ? undefined : quotient(fact.shape, others);
  }
  return rearranged(fact, dims);
};

const flatten: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const { shape } = fact;
  if (shape === undefined) return rearranged(fact, [undefined, undefined]);
  const axis = frontAxis(intOf(context.node, "axis", 1), shape.length);
  return rearranged(fact, [product(shape.slice(0, axis)), product(shape.slice(axis))]);
};

const squeeze: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const { shape } = fact;
  const axes = axesOf(context, 1);
  if (shape === undefined) return rearranged(fact, undefined);
  if (!axes.given) {
    return rearranged(
      fact,
      shape.every((dim) => typeof dim === "number") ? shape.filter((dim) => dim !== 1) : undefined,
    );
  }
  const gone = axes.axes?.map((axis) => frontAxis(axis, shape.length));
  return rearranged(fact, gone && shape.filter((_, i) => !gone.includes(i)));
};

const unsqueeze: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const { shape } = fact;
  const axes = axesOf(context, 1);
  if (shape === undefined || !axes.given || axes.axes === undefined) {
    return rearranged(fact, undefined);
  }
  const rank = shape.length + axes.axes.length;
  const added = axes.axes.map((axis) => frontAxis(axis, rank));
  const rest = shape.values();
  const dims = Array.from(
    { length: rank },
    (_, i): Dimension => (added.includes(i) ? 1 : rest.next().value),
  );
  return rearranged(fact, dims);
};

const transpose: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const { type, shape } = fact;
  const perm = intsOf(context.node, "perm") ?? shape?.map((_, i) => shape.length - 1 - i);
  const dims = shape && perm?.map((axis) => shape[axis]);
  const elements = movedElements(fact, dims, (index) =>
    index.map((_, axis) => index[perm?.indexOf(axis) ?? 0] ?? 0),
  );
  return [{ type, shape: dims, elements }];
};

/** Blocks of pixels between the channels and the picture. */
const blocks =
  (direction: 1 | -1): InferenceRule =>
  (context) => {
    const { type, shape } = inputFact(context, 0);
    const block = intOf(context.node, "blocksize", 1);
    const [n, c, ...picture] = shape ?? [];
    const scale = (dim: Dimension, factor: number): Dimension =>
      typeof dim === "number" ? dim * factor : undefined;
    const dims = [
      n,
      scale(c, block ** (-2 * direction)),
      ...picture.map((dim) => scale(dim, block ** direction)),
    ];
    return [{ type, shape: shape && dims }];
  };

export const layout: InferenceRules = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  DepthToSpace: blocks(1),
  SpaceToDepth: blocks(-1),
};
