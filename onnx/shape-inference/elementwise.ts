import type { ElementType } from "../element-type.ts";
import { broadcastShape } from "./broadcast.ts";
import { elementwiseElements } from "./element-arithmetic.ts";
import {
  type InferenceContext,
  type InferenceRule,
  type InferenceRules,
  inputFact,
  rulesFor,
} from "./rule.ts";

/** Element by element, with broadcasting. */
const broadcast =
  (typeOf: (context: InferenceContext) => ElementType | undefined): InferenceRule =>
  (context) => {
    const facts = context.inputs.map((_, i) => inputFact(context, i));
    const fact = { type: typeOf(context), shape: broadcastShape(facts) };
    return [{ ...fact, elements: elementwiseElements(context.node.opType, facts, fact) }];
  };

/** All inputs of one type, which is the output's. */
const arithmetic = broadcast(({ inputs }) => inputs.find((fact) => fact?.type)?.type);
const comparison = broadcast(() => "bool");
const where = broadcast(({ inputs }) => inputs[1]?.type ?? inputs[2]?.type);

/** The type and shape of the first input. */
const likeFirst: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  return [{ type, shape }];
};

const dropout: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  return [
    { type, shape },
    { type: "bool", shape },
  ];
};

export const elementwise: InferenceRules = {
  ...rulesFor("Add Sub Mul Div Pow Mod Sum Mean Max Min", arithmetic),
  ...rulesFor("Abs Neg Sqrt Floor Ceil Identity", arithmetic),
  ...rulesFor("And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual", comparison),
  ...rulesFor("Not IsNaN IsInf", comparison),
  Where: where,
  ...rulesFor("Exp Log Erf Reciprocal Sign Round Clip CumSum BitwiseNot Trilu", likeFirst),
  ...rulesFor("Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh", likeFirst),
  ...rulesFor("Sigmoid Relu LeakyRelu PRelu Elu Celu Selu Gelu Mish HardSwish", likeFirst),
  ...rulesFor("HardSigmoid Softplus Softsign ThresholdedRelu Shrink", likeFirst),
  ...rulesFor("Softmax LogSoftmax Hardmax LpNormalization LRN", likeFirst),
  ...rulesFor("MeanVarianceNormalization InstanceNormalization GroupNormalization", likeFirst),
  ...rulesFor("ScatterElements ScatterND RandomNormalLike RandomUniformLike", likeFirst),
  Dropout: dropout,
};
