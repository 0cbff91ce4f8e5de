import type { ForwardProcess } from "./forward-process.ts";

/** Noise level at t where a sampler's last step ends at 0, free of noise, also where sigma(0) = sigmaMin. */
export function noiseLevel(process: ForwardProcess, t: number): number {
  return t === 0 ? 0 : process.marginal(t).std;
}

/**
 * alpha = (mean(t) / mean(next))^2 of the forward step from `next` to t: the paper's alpha_k = 1 - beta_k, exact for
 * any distance of the two times. On the paper's grid of N = 1000 it differs from 1 - beta(t) / N by O(1 / N^2).
 * 1 for the VE process.
 *
 * @param next earlier diffusion time, in [0, t)
 */
export function transitionAlpha(process: ForwardProcess, t: number, next: number): number {
  return (process.marginal(t).mean / process.marginal(next).mean) ** 2;
}
