/**
 * Times of a sampler with `steps` steps: evenly spaced from `endTime` down to `eps` by integer steps, then 0.
 * Step i goes from time i to time i + 1 and evaluates the network at time i, so the network is never asked
 * below eps and the last step is the one that takes the remaining noise away.
 *
 * @param steps integer >= 1; with 1 the grid is [endTime, 0]
 * @param eps in (0, endTime)
 * @returns float64[steps + 1], strictly decreasing
 * @throws RangeError where an argument is out of range
 */
export function uniformTimes(endTime: number, eps: number, steps: number): Float64Array {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`steps must be an integer of at least 1; seen ${steps}`);
  }
  if (!(eps > 0 && eps < endTime)) {
    throw new RangeError(`eps must lie in (0, ${endTime}); seen ${eps}`);
  }
  const times = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) {
    times[i] = steps === 1 ? endTime : endTime + (i / (steps - 1)) * (eps - endTime);
  }
  if (steps > 1) times[steps - 1] = eps;
  return times;
}

/** Time i of a grid. */
export function timeAt(times: Float64Array, i: number): number {
  const time = times[i];
  if (time === undefined) throw new RangeError(`no time ${i} in a grid of ${times.length}`);
  return time;
}
