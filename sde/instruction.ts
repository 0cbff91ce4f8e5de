import type { Shape } from "./conditions/shape.ts";
import type { TransformName } from "./conditions/transform.ts";

/**
 * A register by number. Registers 0 .. registers.length - 1 of a program last from step to step;
 * those from there on are scratch: a step may write and read them, the next step finds them undefined.
 */
export type Register = number;

/** A summand `coefficient * register`. */
export type Term = readonly [coefficient: number, register: Register];

/** Which counter-based stream a draw comes from; see noise.ts. */
export interface Draw {
  /** Counts the draws of one trajectory: 0, 1, 2, ... A number used twice gives the same noise twice. */
  readonly draw: number;
}

/** out = sum of terms + noise.scale z, z ~ N(0, I). `out` may be one of the terms' registers. */
export interface LinearCombination {
  readonly op: "lincomb";
  readonly out: Register;
  readonly terms: readonly Term[];
  readonly noise?: Draw & { readonly scale: number };
}

/**
 * One Langevin step with the step size of the signal-to-noise rule, from the norms of THIS trajectory:
 * e = 2 alpha (signalToNoise |z| / |score|)^2, out = x + e score + sqrt(2 e) z. A score of norm 0 gives e = 0.
 * Its scalar is e.
 *
 * @see Song et al. 2021, algorithms 4 and 5.
 */
export interface Langevin extends Draw {
  readonly op: "langevin";
  readonly out: Register;
  readonly x: Register;
  readonly score: Register;
  readonly signalToNoise: number;
  readonly alpha: number;
}

/** Its scalar is sum_e a_e b_e, in float64. */
export interface Dot {
  readonly op: "dot";
  readonly a: Register;
  readonly b: Register;
}

/**
 * Its scalar is the root mean square over elements of v_e / (absolute + relative max(|x_e|, |y_e|)), in float64: the
 * norm in which adaptive solvers measure an error or a slope v beside the states x and y.
 *
 * @see Hairer, Norsett and Wanner 1993, equation II.4.11.
 */
export interface ScaledNorm {
  readonly op: "scaled-norm";
  readonly v: Register;
  readonly x: Register;
  readonly y: Register;
  readonly relative: number;
  readonly absolute: number;
}

/** Its scalar is uniform in (0, 1), from the draw's own stream. */
export interface Uniform extends Draw {
  readonly op: "uniform";
}

/** out = offset + scale (x + u), u ~ U(0, 1)^D: levels x of quantised data become points of their cells. */
export interface Dequantize extends Draw {
  readonly op: "dequantize";
  readonly out: Register;
  readonly x: Register;
  readonly offset: number;
  readonly scale: number;
}

/** out = v, each element -1 or 1 with equal probability: the signs of the draw's normals. */
export interface Rademacher extends Draw {
  readonly op: "rademacher";
  readonly out: Register;
}

/** out = the unit vector of an element. */
export interface Basis {
  readonly op: "basis";
  readonly out: Register;
  readonly element: number;
}

/**
 * out = Q^T (m (mean known + noise.scale z) + (1 - m) Q x), z ~ N(0, I): the known coordinates of Q x take the values
 * that they have at a time, all others stay. With the identity, elements that are not known stay to the last bit, and
 * known ones without noise and of mean 1 are those of `known` to the last bit.
 *
 * @see Song et al. 2021, appendix I.2 and I.3.
 */
export interface Impute {
  readonly op: "impute";
  readonly out: Register;
  readonly x: Register;
  /** Coordinates of Q x; what they are where the mask is 0 does not matter. */
  readonly known: Register;
  /** m: 1 where a coordinate is known, 0 where it is not. */
  readonly mask: Register;
  /** Neither out nor x: loses what it holds. */
  readonly scratch: Register;
  /** Q */
  readonly transform: TransformName;
  readonly shape: Shape;
  readonly mean: number;
  readonly noise?: Draw & { readonly scale: number };
}

/**
 * out = x with every group of elements whose mean is known projected onto those of that mean within [low, high]: the
 * nearest, clip(x + shift). A group that is in the range already stays as it is.
 */
export interface FitRange {
  readonly op: "fit-range";
  readonly out: Register;
  readonly x: Register;
  /** As in `impute`. */
  readonly known: Register;
  readonly mask: Register;
  readonly transform: TransformName;
  readonly shape: Shape;
  readonly low: number;
  readonly high: number;
}

/** A vector operation on the registers of one trajectory. An instruction sees what those before it wrote. */
export type Instruction =
  | LinearCombination
  | Langevin
  | Dot
  | ScaledNorm
  | Uniform
  | Dequantize
  | Rademacher
  | Basis
  | Impute
  | FitRange;
