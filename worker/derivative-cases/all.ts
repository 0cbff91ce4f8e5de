import { GATHER } from "./gather.ts";
import { LAYOUT } from "./layout.ts";
import { NORMALIZATION } from "./normalization.ts";
import type { OperatorCase } from "./operator-case.ts";
import { PARTS } from "./parts.ts";
import { POINTWISE } from "./pointwise.ts";
import { PRODUCT } from "./product.ts";
import { REDUCE } from "./reduce.ts";
import { UNARY } from "./unary.ts";
import { WINDOW } from "./window.ts";

/** Every operator's forms that the rules are proved on. */
export const ALL_CASES: readonly OperatorCase[] = [
  ...POINTWISE,
  ...UNARY,
  ...LAYOUT,
  ...PARTS,
  ...GATHER,
  ...REDUCE,
  ...PRODUCT,
  ...WINDOW,
  ...NORMALIZATION,
];
