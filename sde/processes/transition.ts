import type { ForwardProcess, Marginal } from "./forward-process.ts";

/**
 * The marginal at a time of a sampler's grid. Its last time is 0 and free of noise, also where the process itself
 * starts at its smallest noise level.
 */
export function gridMarginal(process: ForwardProcess, t: number): Marginal {
  return t === 0 ? { mean: 1, std: 0 } : process.marginal(t);
}

/**
 * alpha = (mean(t) / mean(next))^2 of the forward step from `next` to t: the paper's alpha_k = 1 - beta_k, exact for
 * any distance of the two times. On the paper's grid of N = 1000 it differs from 1 - beta(t) / N by O(1 / N^2).
 * 1 for the VE process.
 *
 * @param next earlier diffusion time, in [0, t)
 */
export function transitionAlpha(process: ForwardProcess, t: number, next: number): number {
  return (process.marginal(t).mean / gridMarginal(process, next).mean) ** 2;
}

/**
 * half = log(mean / std) at the two ends of a step, and their difference h > 0, in which exponential integrators are
 * written. h is infinite for the step to time 0.
 *
 * @see Lu et al. 2022, "DPM-Solver", section 3.1.
 */
export function logSnrStep(process: ForwardProcess, t: number, next: number): number {
  const from = process.marginal(t);
  const to = gridMarginal(process, next);
  return Math.log((to.mean * from.std) / (from.mean * to.std));
}

/**
 * Mean coefficient and standard deviation of p(x_t | x_from), t >= from: the forward process between two times, exact
 * for any distance of them since its drift is linear.
 *
 * @param from earlier diffusion time, in (0, t]
 */
export function forwardTransition(process: ForwardProcess, from: number, t: number): Marginal {
  const [low, high] = [process.marginal(from), process.marginal(t)];
  const mean = high.mean / low.mean;
  return { mean, std: Math.sqrt(Math.max(0, high.std ** 2 - (mean * low.std) ** 2)) };
}
