import { staticShape } from "../fact.ts";
import { intOf } from "../node-attributes.ts";
import { frontAxis } from "./dimension.ts";
import { constantInput, type InferenceRule, type InferenceRules, inputFact } from "./rule.ts";

const gather: InferenceRule = (context) => {
  const { type, shape, elements } = inputFact(context, 0);
  const at = inputFact(context, 1).shape;
  if (shape === undefined || at === undefined) return [{ type, shape: undefined }];
  const axis = frontAxis(intOf(context.node, "axis", 0), shape.length);
  const dims = [...shape.slice(0, axis), ...at, ...shape.slice(axis + 1)];
  const indices = shape.length === 1 ? constantInput(context, 1) : undefined;
  const gathered = elements && indices?.map((index) => elements[frontAxis(index, elements.length)]);
  return [{ type, shape: dims, elements: gathered }];
};

const gatherElements: InferenceRule = (context) => [
  { type: inputFact(context, 0).type, shape: inputFact(context, 1).shape },
];

const gatherNd: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const at = inputFact(context, 1).shape;
  const depth = at?.at(-1);
  if (shape === undefined || at === undefined || typeof depth !== "number") {
    return [{ type, shape: undefined }];
  }
  const batch = intOf(context.node, "batch_dims", 0);
  return [{ type, shape: [...at.slice(0, -1), ...shape.slice(batch + depth)] }];
};

const oneHot: InferenceRule = (context) => {
  const { shape } = inputFact(context, 0);
  const [depth] = constantInput(context, 1) ?? [];
  const { type } = inputFact(context, 2);
  if (shape === undefined) return [{ type, shape }];
  const axis = frontAxis(intOf(context.node, "axis", -1), shape.length + 1);
  return [{ type, shape: shape.toSpliced(axis, 0, depth) }];
};

const topK: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const [k] = constantInput(context, 1) ?? [];
  const axis = frontAxis(intOf(context.node, "axis", -1), shape?.length ?? 0);
  const dims = shape?.map((dim, i) => (i === axis ? k : dim));
  return [
    { type, shape: dims },
    { type: "int64", shape: dims },
  ];
};

const nonZero: InferenceRule = (context) => {
  const dims = staticShape(inputFact(context, 0));
  return [{ type: "int64", shape: [dims?.length, undefined] }];
};

export const gathering: InferenceRules = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  OneHot: oneHot,
  TopK: topK,
  NonZero: nonZero,
};
