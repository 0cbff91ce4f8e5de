import { constant } from "./linear.ts";
import type { OperatorRules } from "./rule.ts";

/** Operators whose outputs are the same, or jump, where x changes a little: the derivative is 0. */
const OPERATORS = [
  ...["Shape", "Size", "ConstantOfShape", "Range", "NonZero", "OneHot", "EyeLike"],
  ...["Sign", "Floor", "Ceil", "Round", "ArgMax", "ArgMin"],
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN", "IsInf"],
  ...["And", "Or", "Xor", "Not"],
  ...["RandomNormalLike", "RandomUniformLike"],
];

export const constants: OperatorRules = Object.fromEntries(
  OPERATORS.map((operator) => [operator, { forward: constant }]),
);
