import { type ForwardProcess, sigmaAt } from "../processes/forward-process.ts";

/**
 * How the times of a sampler are spaced: evenly in t; evenly in log(mean / std), half the log signal-to-noise ratio;
 * or by EDM's rule, evenly in sigma^(1/7).
 */
export type TimeGridName = "uniform" | "log-snr" | "karras";

export const TIME_GRID_NAMES: readonly TimeGridName[] = ["uniform", "log-snr", "karras"];

/**
 * Times of a sampler with `steps` steps: from T down to `eps` by integer steps, then 0. Step i goes from time i to
 * time i + 1 and evaluates the network at time i, so the network is never asked below eps and the last step is the one
 * that takes the remaining noise away.
 *
 * @param steps integer >= 1; with 1 the grid is [T, 0]
 * @param eps in (0, T)
 * @returns float64[steps + 1], strictly decreasing
 * @throws RangeError where an argument is out of range
 * @see Karras et al. 2022, equation 5, for "karras"; Lu et al. 2022, appendix D.4, for "log-snr".
 */
export function timeGrid(
  name: TimeGridName,
  process: ForwardProcess,
  eps: number,
  steps: number,
): Float64Array {
  const { endTime } = process;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`steps must be an integer of at least 1; seen ${steps}`);
  }
  if (!(eps > 0 && eps < endTime)) {
    throw new RangeError(`eps must lie in (0, ${endTime}); seen ${eps}`);
  }
  const spacing = SPACINGS[name](process, eps);
  const times = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i++) times[i] = steps === 1 ? endTime : spacing(i / (steps - 1));
  times[0] = endTime;
  if (steps > 1) times[steps - 1] = eps;
  snap(times, steps, process);
  return times;
}

/** The time at a share of the way from T to eps. */
type Spacing = (share: number) => number;

/** EDM's rho: larger takes more steps at little noise. */
const RHO = 7;

const SPACINGS: Readonly<Record<TimeGridName, (process: ForwardProcess, eps: number) => Spacing>> =
  {
    uniform:
      ({ endTime }, eps) =>
      (share) =>
        endTime + share * (eps - endTime),
    "log-snr": (process, eps) =>
      evenlyIn(process, eps, {
        to: Math.log,
        from: Math.exp,
      }),
    karras: (process, eps) =>
      evenlyIn(process, eps, {
        to: (sigma) => sigma ** (1 / RHO),
        from: (value) => value ** RHO,
      }),
  };

function evenlyIn(
  process: ForwardProcess,
  eps: number,
  { to, from }: { to: (sigma: number) => number; from: (value: number) => number },
): Spacing {
  const first = to(sigmaAt(process, process.endTime));
  const last = to(sigmaAt(process, eps));
  return (share) => process.timeOfSigma(from(first + share * (last - first)));
}

/**
 * Moves the times of a process that is known at N levels to the nearest levels, where the steps are few enough that
 * they stay apart: the network is then asked where it was trained.
 */
function snap(times: Float64Array, steps: number, { levels, endTime }: ForwardProcess): void {
  if (levels === undefined || steps > levels) return;
  const snapped = times.map(
    (t) => (Math.round((t / endTime) * (levels - 1)) / (levels - 1)) * endTime,
  );
  const apart = snapped.every((t, i) => i === 0 || i >= steps || t < (snapped[i - 1] ?? 0));
  if (!apart) return;
  // The first stays T, and the last eps, which stands for level 0.
  for (let i = 1; i < steps - 1; i++) times[i] = snapped[i] ?? 0;
}

/** Time i of a grid. @throws RangeError where there is none */
export function timeAt(times: Float64Array, i: number): number {
  const time = times[i];
  if (time === undefined) throw new RangeError(`no time ${i} in a grid of ${times.length}`);
  return time;
}
