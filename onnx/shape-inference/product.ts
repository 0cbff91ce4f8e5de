import { parseEinsum } from "../einsum.ts";
import type { Fact } from "../fact.ts";
import { intOf, stringOf } from "../node-attributes.ts";
import type { Dimension } from "../value-info.ts";
import { broadcastShape } from "./broadcast.ts";
import { frontAxis } from "./dimension.ts";
import { type InferenceRule, type InferenceRules, inputFact } from "./rule.ts";

const matmul: InferenceRule = (context) => {
  const a = inputFact(context, 0);
  const b = inputFact(context, 1);
  const type = a.type ?? b.type;
  if (a.shape === undefined || b.shape === undefined) return [{ type, shape: undefined }];
  const rows = a.shape.length === 1 ? [] : [a.shape.at(-2)];
  const columns = b.shape.length === 1 ? [] : [b.shape.at(-1)];
  const batch = broadcastShape([
    { type, shape: a.shape.slice(0, -2) },
    { type, shape: b.shape.slice(0, -2) },
  ]);
  return [{ type, shape: batch && [...batch, ...rows, ...columns] }];
};

const gemm: InferenceRule = (context) => {
  const a = inputFact(context, 0);
  const b = inputFact(context, 1);
  const rows = a.shape?.[intOf(context.node, "transA", 0)];
  const columns = b.shape?.[1 - intOf(context.node, "transB", 0)];
  return [{ type: a.type ?? b.type, shape: [rows, columns] }];
};

const einsum: InferenceRule = (context) => {
  const facts = context.inputs.map((_, i) => inputFact(context, i));
  const type = facts.find((fact) => fact.type)?.type;
  const shapes = facts.map(({ shape }) => shape);
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return [{ type, shape: undefined }];
  const equation = parseEinsum(
    stringOf(context.node, "equation", ""),
    known.map(({ length }) => length),
  );
  if (equation === undefined) return [{ type, shape: undefined }];
  const dims = new Map<string, Dimension>();
  equation.inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const dim = known[i]?.[axis];
      const before = dims.get(label);
      if (before === undefined || before === 1) dims.set(label, dim);
    });
  });
  return [{ type, shape: equation.output.map((label) => dims.get(label)) }];
};

/** Y, and the mean and 1 / std over the axes from `axis` on. */
const layerNormalization: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const axis = frontAxis(intOf(context.node, "axis", -1), shape?.length ?? 0);
  const statistic: Fact = {
    type: type === "float64" ? type : "float32",
    shape: shape?.map((dim, i) => (i < axis ? dim : 1)),
  };
  return [{ type, shape }, statistic, statistic];
};

const batchNormalization: InferenceRule = (context) => {
  const { type, shape } = inputFact(context, 0);
  const statistic: Fact = { type: inputFact(context, 3).type, shape: inputFact(context, 3).shape };
  return [{ type, shape }, statistic, statistic];
};

export const products: InferenceRules = {
  MatMul: matmul,
  Gemm: gemm,
  Einsum: einsum,
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
};
