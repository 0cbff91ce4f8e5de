/**
 * Mean distance between every vector of `a` and every one of `b`.
 *
 * @param a vectors of `dims` values, one after another
 */
export function meanDistance(a: Float64Array, b: Float64Array, dims: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += dims) {
    for (let j = 0; j < b.length; j += dims) {
      let squared = 0;
      for (let d = 0; d < dims; d++) {
        const difference = (a[i + d] ?? 0) - (b[j + d] ?? 0);
        squared += difference * difference;
      }
      sum += Math.sqrt(squared);
    }
  }
  return sum / ((a.length / dims) * (b.length / dims));
}

/**
 * The energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| of two empirical distributions: 0 where they are the same,
 * above 0 elsewhere. Of n samples each of one distribution it is about 2 E|X - X'| / n.
 *
 * @param a vectors of `dims` values, one after another
 * @see Szekely and Rizzo 2013, "Energy statistics: a class of statistics based on distances".
 */
export function energyDistance(a: Float64Array, b: Float64Array, dims: number): number {
  return 2 * meanDistance(a, b, dims) - meanDistance(a, a, dims) - meanDistance(b, b, dims);
}
