/** A mean and its standard error, which is NaN of a single value. */
export interface Mean {
  readonly mean: number;
  readonly error: number;
}

/** @throws RangeError where there are no values */
export function meanOf(values: readonly number[]): Mean {
  if (values.length === 0) throw new RangeError("no values to take a mean of");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/**
 * The value below which a share of the values lies, between two of them in proportion.
 *
 * @param share in [0, 1]
 * @throws RangeError where there are no values
 */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (below === undefined || above === undefined) throw new RangeError("no values to rank");
  return below + (at - Math.floor(at)) * (above - below);
}

/**
 * The share of `hits` in `count` trials and its standard error, for which a hit and a miss are added (Laplace), so
 * that it isn't 0 where every trial was one.
 */
export function shareOf(hits: number, count: number): Mean {
  const smoothed = (hits + 1) / (count + 2);
  return { mean: hits / count, error: Math.sqrt((smoothed * (1 - smoothed)) / count) };
}

/**
 * The standard error of the median of normal values, from their quartiles, which values that are far off don't move.
 *
 * @throws RangeError where there are no values
 */
export function medianErrorOf(values: readonly number[]): number {
  // Of a normal distribution the quartiles are 1.349 standard deviations apart, and a median's variance is pi / 2 of a mean's.
  const std = (quantileOf(values, 0.75) - quantileOf(values, 0.25)) / 1.349;
  return std * Math.sqrt(Math.PI / 2 / values.length);
}
