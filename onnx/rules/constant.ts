import { constant } from "./linear.ts";
import type { OperatorRules } from "./rule.ts";

/** Operators whose outputs are the same, or jump, where x changes a little: the derivative is 0. */
export const CONSTANT_OPERATORS: readonly string[] = [
  ...["Shape", "Size", "ConstantOfShape", "NonZero", "EyeLike"],
  ...["Sign", "Floor", "Ceil", "Round", "ArgMax", "ArgMin"],
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsNaN", "IsInf"],
  ...["And", "Or", "Xor", "Not"],
  ...["RandomNormalLike", "RandomUniformLike"],
];

export const constants: OperatorRules = Object.fromEntries(
  CONSTANT_OPERATORS.map((operator) => [operator, { forward: constant, reverse: () => [] }]),
);
