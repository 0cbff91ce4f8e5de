import { elementwise } from "./elementwise.ts";
import { gathering } from "./gather.ts";
import { layout } from "./layout.ts";
import { parts } from "./parts.ts";
import { products } from "./product.ts";
import { reductions } from "./reduce.ts";
import type { InferenceRule, InferenceRules } from "./rule.ts";
import { shapeArithmetic } from "./shape-arithmetic.ts";
import { windows } from "./window.ts";

const FAMILIES: readonly InferenceRules[] = [
  elementwise,
  gathering,
  layout,
  parts,
  products,
  reductions,
  shapeArithmetic,
  windows,
];

export const INFERENCE: ReadonlyMap<string, InferenceRule> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);
