/** A straight line through points by least squares: how much y changes for 1 of x, and how far chance may have moved that. */
export interface Trend {
  readonly slope: number;
  /** Its standard error. */
  readonly error: number;
  /** Of neighbouring residuals, where that is above 0: near 1 where they wander and do not come back to the line. */
  readonly correlation: number;
}

/** The largest correlation of neighbours that is believed: above it nothing could be told from so few points. */
const MOST_CORRELATED = 0.98;

/**
 * The trend of values that were taken one after the other. What a process takes at one moment is much like what it took a
 * moment before, so n values tell less than n independent ones would: the error is that of least squares, times
 * sqrt((1 + r) / (1 - r)), r the correlation of neighbouring residuals where that is above 0.
 *
 * @param points in order of x
 * @throws RangeError for fewer than 4 points
 * @see Zwiers and von Storch 1995, "Taking serial correlation into account in tests of the mean", equation 4.
 */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const n = points.length;
  if (n < 4) throw new RangeError(`a trend needs at least 4 points; seen ${n}`);
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residuals = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  const r = Math.min(MOST_CORRELATED, Math.max(0, correlationOfNeighbours(residuals, squares)));
  const error = Math.sqrt((squares / (n - 2) / spread) * ((1 + r) / (1 - r)));
  return { slope, error, correlation: r };
}

function correlationOfNeighbours(residuals: readonly number[], squares: number): number {
  if (squares === 0) return 0;
  let products = 0;
  for (let i = 1; i < residuals.length; i++) {
    products += (residuals[i] ?? 0) * (residuals[i - 1] ?? 0);
  }
  return products / squares;
}
