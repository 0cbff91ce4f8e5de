import type { Tensor } from "onnxruntime-node";
import type { Feeds, Line, Place } from "./derivative-line.ts";
import { type ProofTensor, realNumbers } from "./derivative-proof-inputs.ts";

/** Inner products to compare in all, of rows and directions: a part of a gradient that is wrong shows in some. */
const PRODUCTS = 8;

/** One number a row of x, and its gradient in x. Each row's number depends on that row of x alone. */
export interface GradientQuestion {
  readonly place: Place;
  /** The numbers at some inputs, by the original. */
  readonly value: (feeds: Feeds) => Promise<ArrayLike<number>>;
  /** The gradient, by the derived graph. */
  readonly gradient: (feeds: Feeds) => Promise<Tensor | undefined>;
  readonly shared: Line["shared"];
}

/** The numbers of all rows along as many directions as make PRODUCTS: the derivative along v is <gradient, v>. */
export function gradientLine({ place, value, gradient, shared }: GradientQuestion): Line {
  const { rows } = place;
  const directions = Array.from({ length: Math.ceil(PRODUCTS / rows) }, (_, i) =>
    place.direction(i),
  );
  const along = async (
    numbers: (v: ProofTensor) => Promise<ArrayLike<number>>,
  ): Promise<Float64Array> => {
    const all: number[] = [];
    for (const v of directions) all.push(...Array.from(await numbers(v)));
    return Float64Array.from(all);
  };
  return {
    value: (s) => along((v) => value(place.moved(v, s))),
    tangent: (s) =>
      along(async (v) =>
        rowProducts(realNumbers(await gradient(place.moved(v, s))), v.values, rows),
      ),
    shared,
  };
}

/** The inner products of the rows of two tensors; none where they are not of one size. */
export function rowProducts(a: Float64Array, b: Float64Array, rows: number): Float64Array {
  if (a.length !== b.length) return new Float64Array();
  const products = new Float64Array(rows);
  const length = a.length / rows;
  for (const [i, value] of a.entries()) {
    const row = Math.floor(i / length);
    products[row] = (products[row] ?? 0) + value * (b[i] ?? 0);
  }
  return products;
}
