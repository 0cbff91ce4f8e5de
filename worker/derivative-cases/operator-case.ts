import fc from "fast-check";
import type { AttributeValue } from "../../onnx/attribute.ts";

/** An input of the operator under test. */
export interface CaseInput {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** "real": of the precision of the case. */
  readonly type: "real" | "int64" | "bool" | "float32";
  /** A part of x; else a constant of the graph. */
  readonly active: boolean;
}

/** One node to test: undefined stands for an optional input left out. */
export interface Instance {
  readonly inputs: readonly (CaseInput | undefined)[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Outputs that are real numbers, all of them tested; default 1. */
  readonly outputs?: number;
}

/** y = f(x), row by row, in float64. */
export type Reference = (instance: Instance, inputs: readonly (readonly number[])[]) => number[];

/**
 * How the differences to compare with are taken:
 * - "float64": ONNX Runtime computes the operator in float64, and all of the derived graph;
 * - "quadratic": it computes in float32 alone, and f is linear or quadratic in x, so that central differences with
 *   a step of 1 are exact;
 * - a function: f in float64, for an operator that it computes in float32 alone.
 */
export type Precision = "float64" | "quadratic" | Reference;

/** The forms of an operator to test. */
export interface OperatorCase {
  readonly operator: string;
  /** What tells this case from others of the operator. */
  readonly form?: string;
  /** The opsets to draw from; default 13 to 21. */
  readonly opsets?: readonly number[];
  /** The first opset that has what reverse mode needs; default 13. */
  readonly reverseSince?: number;
  readonly precision: Precision;
  readonly instances: (opset: number) => fc.Arbitrary<Instance>;
}

export const OPSETS = [13, 14, 15, 16, 17, 18, 19, 20, 21] as const;

/** The opsets from one on. */
export function since(first: number): readonly number[] {
  return OPSETS.filter((opset) => opset >= first);
}

export const sizes = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

/** A shape of the given ranks, lengths 1 to 4. */
export function shapes(minRank: number, maxRank: number, most = 4): fc.Arbitrary<number[]> {
  return fc.array(sizes(most), { minLength: minRank, maxLength: maxRank });
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Numbers in (-1, 1) from a seed (mulberry32). */
export function numbers(seed: number, length: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Maps a number in (-1, 1) to a value. */
export type Spread = (number: number) => number;

export const uniform: Spread = (u) => 2 * u;
export const positive: Spread = (u) => 1.2 + u;
/** At least 0.05 from 0, where many operators have a kink. */
export const awayFromZero: Spread = (u) => Math.sign(u) * (0.05 + 2 * Math.abs(u));

export interface InputOptions {
  readonly spread?: Spread;
  readonly active?: boolean;
}

/** A real input of a shape with random values. */
export function real(
  shape: readonly number[],
  { spread = uniform, active = true }: InputOptions = {},
): fc.Arbitrary<CaseInput> {
  return fc.integer().map((seed) => ({
    shape,
    values: numbers(seed, count(shape)).map(spread),
    type: "real",
    active,
  }));
}

/** A real input whose values all differ by at least 0.03, and by 0.005 from those with another `offset` below 6. */
export function distinct(
  shape: readonly number[],
  offset = 1,
  active = true,
): fc.Arbitrary<CaseInput> {
  return fc.integer().map((seed) => {
    const keys = numbers(seed, count(shape));
    const ranks = keys.map((key) => keys.filter((other) => other < key).length);
    const values = ranks.map(
      (rank) => 0.03 * (rank - Math.floor(keys.length / 2)) + 0.005 * offset,
    );
    return { shape, values, type: "real", active };
  });
}

/** A list of integers, as axes and shapes are. */
export function integers(values: readonly number[], shape?: readonly number[]): CaseInput {
  return { shape: shape ?? [values.length], values, type: "int64", active: false };
}

/** The same input as a constant, or as a part of x. */
export function withActive(input: CaseInput, active: boolean): CaseInput {
  return { ...input, active };
}

/** Non-empty choices among `length` inputs: which are parts of x. */
export function choices(length: number): fc.Arbitrary<boolean[]> {
  return fc
    .array(fc.boolean(), { minLength: length, maxLength: length })
    .map((chosen) => (chosen.includes(true) ? chosen : chosen.map((_, i) => i === 0)));
}
