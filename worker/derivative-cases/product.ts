import fc from "fast-check";
import { float, int, string } from "../../onnx/attribute.ts";
import {
  type CaseInput,
  choices,
  type OperatorCase,
  real,
  shapes,
  sizes,
  withActive,
} from "./operator-case.ts";

function chosen(inputs: readonly CaseInput[], active: readonly boolean[]): CaseInput[] {
  return inputs.map((input, i) => withActive(input, active[i] ?? false));
}

/** Vectors, matrices, and stacks of them that broadcast. */
const matmul: OperatorCase = {
  operator: "MatMul",
  precision: "float64",
  instances: () =>
    fc
      .tuple(
        fc.tuple(sizes(4), sizes(4), sizes(4)),
        shapes(0, 2, 3),
        fc.constantFrom("both", "first", "second", "ones", "vector first", "vector second"),
        choices(2),
      )
      .chain(([[m, k, n], batch, stacked, active]) => {
        const ones = batch.map(() => 1);
        const left = stacked === "second" ? [] : stacked === "ones" ? ones : batch;
        const right = stacked === "first" ? [] : batch;
        const a = stacked === "vector first" ? [k] : [...left, m, k];
        const b = stacked === "vector second" ? [k] : [...right, k, n];
        return fc
          .tuple(real(a), real(b))
          .map((inputs) => ({ inputs: chosen(inputs, active), attributes: {} }));
      }),
};

const gemm: OperatorCase = {
  operator: "Gemm",
  precision: "float64",
  instances: () =>
    fc
      .tuple(
        fc.tuple(sizes(4), sizes(4), sizes(4)),
        fc.nat({ max: 1 }),
        fc.nat({ max: 1 }),
        fc.constantFrom("none", "scalar", "row", "column", "full"),
        choices(3),
      )
      .chain(([[m, k, n], transA, transB, bias, active]) => {
        const c = { none: [], scalar: [], row: [n], column: [m, 1], full: [m, n] }[bias];
        return fc
          .tuple(
            real(transA ? [k, m] : [m, k]),
            real(transB ? [n, k] : [k, n]),
            real(c),
            fc.constantFrom(1, 0.5),
          )
          .map(([a, b, third, beta]) => {
            const given = bias === "none" ? [a, b] : [a, b, third];
            const isActive = bias === "none" && !active[0] && !active[1] ? [true] : active;
            return {
              inputs: chosen(given, isActive),
              attributes: {
                alpha: float(1.5),
                beta: float(beta),
                transA: int(transA),
                transB: int(transB),
              },
            };
          });
      }),
};

/** Lengths of the labels of the equations below. */
const LENGTHS: Readonly<Record<string, number>> = { b: 2, h: 3, i: 4, j: 2, k: 3, d: 5 };

const EQUATIONS = [
  "ij,jk->ik",
  "bhid,bhjd->bhij",
  "bij,bjk->bik",
  "bij,bij->bi",
  "i,j->ij",
  "ij->ji",
  "ij->",
  "bij,jk,kd->bid",
  "i,j,k->ijk",
  "bhi,bhj",
] as const;

const einsum: OperatorCase = {
  operator: "Einsum",
  precision: "float64",
  instances: () =>
    fc.constantFrom(...EQUATIONS).chain((equation) => {
      const [terms = ""] = equation.split("->");
      const all = terms.split(",").map((term) => [...term].map((label) => LENGTHS[label] ?? 1));
      return fc
        .tuple(fc.tuple(...all.map((shape) => real(shape))), choices(all.length))
        .map(([inputs, active]) => ({
          inputs: chosen(inputs, active),
          attributes: { equation: string(equation) },
        }));
    }),
};

const einsumEllipsis: OperatorCase = {
  operator: "Einsum",
  form: "ellipsis",
  precision: "float64",
  instances: () =>
    fc.tuple(shapes(1, 2, 3), choices(2)).chain(([batch, active]) =>
      fc.tuple(real([...batch, 2, 3]), real([...batch, 3, 4])).map((inputs) => ({
        inputs: chosen(inputs, active),
        attributes: { equation: string("...ij,...jk->...ik") },
      })),
    ),
};

export const PRODUCT: readonly OperatorCase[] = [matmul, gemm, einsum, einsumEllipsis];
