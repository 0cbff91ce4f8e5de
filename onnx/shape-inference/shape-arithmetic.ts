import { elementTypeName } from "../element-type.ts";
import { constantOf, type Fact, factOfTensor, MAX_ELEMENTS, staticShape } from "../fact.ts";
import { floatsOf, intOf, intsOf, tensorOf } from "../node-attributes.ts";
import { elementCount } from "../tensor.ts";
import type { Dimension } from "../value-info.ts";
import { broadcastShape } from "./broadcast.ts";
import { product } from "./dimension.ts";
import { broadcastElements } from "./element-arithmetic.ts";
import { constantInput, type InferenceRule, type InferenceRules, inputFact } from "./rule.ts";

const shape: InferenceRule = (context) => {
  const dims = inputFact(context, 0).shape;
  const start = intOf(context.node, "start", 0);
  const end = intOf(context.node, "end", dims?.length ?? 0);
  const elements = dims?.slice(start, end);
  return [{ type: "int64", shape: [elements?.length], elements }];
};

const size: InferenceRule = (context) => {
  const dims = inputFact(context, 0).shape;
  return [{ type: "int64", shape: [], elements: dims && [product(dims)] }];
};

const constant: InferenceRule = ({ node }) => {
  const value = tensorOf(node, "value");
  if (value !== undefined) return [factOfTensor(value)];
  const list = (type: Fact["type"], elements: readonly number[]): readonly Fact[] => [
    { type, shape: [elements.length], elements },
  ];
  const ints = intsOf(node, "value_ints");
  if (ints?.length) return list("int64", ints);
  const floats = floatsOf(node, "value_floats");
  if (floats?.length) return list("float32", floats);
  const [attribute] = node.attribute;
  if (attribute?.name === "value_float") {
    return [{ type: "float32", shape: [], elements: [attribute.f] }];
  }
  if (attribute?.name === "value_int") {
    return [{ type: "int64", shape: [], elements: [Number(attribute.i)] }];
  }
  return [];
};

/** A fact of one value in all its elements, with the elements where they are few. */
function filled(type: Fact["type"], dims: Fact["shape"], value: Dimension): Fact {
  const known = staticShape({ type, shape: dims });
  const count = known === undefined ? Number.POSITIVE_INFINITY : elementCount(known);
  const elements = count <= MAX_ELEMENTS ? Array<Dimension>(count).fill(value) : undefined;
  return { type, shape: dims, elements };
}

const constantOfShape: InferenceRule = (context) => {
  const value = tensorOf(context.node, "value");
  const { type, elements } =
    value === undefined ? { type: "float32" as const, elements: [0] } : factOfTensor(value);
  return [filled(type, shapeFromElements(inputFact(context, 0)), elements?.[0])];
};

/** The shape that a list of integers says; of unknown dimensions where only its length is known. */
export function shapeFromElements({ shape: own, elements }: Fact): Fact["shape"] {
  if (elements !== undefined) return elements;
  const [rank] = own ?? [];
  return typeof rank === "number" ? Array<Dimension>(rank).fill(undefined) : undefined;
}

const range: InferenceRule = (context) => {
  const { type } = inputFact(context, 0);
  const [start, limit, step] = [0, 1, 2].map((i) => constantInput(context, i)?.[0]);
  if (start === undefined || limit === undefined || step === undefined) {
    const stop = inputFact(context, 1).elements?.[0];
    return [{ type, shape: [start === 0 && step === 1 ? stop : undefined] }];
  }
  const length = Math.max(0, Math.ceil((limit - start) / step));
  const elements =
    length <= MAX_ELEMENTS ? Array.from({ length }, (_, i) => start + i * step) : undefined;
  return [{ type, shape: [length], elements }];
};

const expand: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const target = shapeFromElements(inputFact(context, 1));
  const dims = broadcastShape([fact, { type: undefined, shape: target }]);
  const known = staticShape({ type: undefined, shape: dims });
  const count = known === undefined ? Number.POSITIVE_INFINITY : elementCount(known);
  const elements =
    known !== undefined && count <= MAX_ELEMENTS
      ? broadcastElements(fact, known, count)
      : undefined;
  return [{ type: fact.type, shape: dims, elements }];
};

const cast: InferenceRule = (context) => {
  const fact = inputFact(context, 0);
  const type = elementTypeName(intOf(context.node, "to", 0));
  const numbers = constantOf(fact);
  const isInteger = type?.includes("int") ?? false;
  const elements = isInteger ? (numbers?.map(Math.trunc) ?? fact.elements) : fact.elements;
  const truths = numbers?.map((value) => (value === 0 ? 0 : 1));
  return [{ type, shape: fact.shape, elements: type === "bool" ? truths : elements }];
};

const castLike: InferenceRule = (context) => [
  { type: inputFact(context, 1).type, shape: inputFact(context, 0).shape },
];

export const shapeArithmetic: InferenceRules = {
  Shape: shape,
  Size: size,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Expand: expand,
  Cast: cast,
  CastLike: castLike,
};
