/** Vectors of `dims` values, one after another, and the mean distance among them. */
export interface Cloud {
  readonly points: Float64Array;
  readonly dims: number;
  /** Of every vector to every one of the same cloud, itself included. */
  readonly within: number;
}

export function cloudOf(points: Float64Array, dims: number): Cloud {
  const count = points.length / dims;
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += 2 * sumOfDistances(points, i, { points, from: i + 1, dims });
  return { points, dims, within: sum / count ** 2 };
}

/** The distances of vector i of `points` to those of others, from vector `from` on, added up. */
function sumOfDistances(
  points: Float64Array,
  i: number,
  others: { readonly points: Float64Array; readonly from: number; readonly dims: number },
): number {
  const { points: to, from, dims } = others;
  let sum = 0;
  for (let j = from * dims; j < to.length; j += dims) {
    let squared = 0;
    for (let d = 0; d < dims; d++) {
      const difference = (points[i * dims + d] ?? 0) - (to[j + d] ?? 0);
      squared += difference * difference;
    }
    sum += Math.sqrt(squared);
  }
  return sum;
}

/**
 * The energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| of two empirical distributions: 0 where they are the same,
 * above 0 elsewhere. Of n samples each of one distribution it is about 2 E|X - X'| / n.
 *
 * @see Szekely and Rizzo 2013, "Energy statistics: a class of statistics based on distances".
 */
export function energyDistance(a: Cloud, b: Cloud): number {
  const { points, dims } = b;
  const count = a.points.length / dims;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += sumOfDistances(a.points, i, { points, from: 0, dims });
  return (2 * sum) / (count * (points.length / dims)) - a.within - b.within;
}
