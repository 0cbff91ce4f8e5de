import type { LinearCombination, Register } from "../instruction.ts";
import type { ForwardProcess } from "./forward-process.ts";

/**
 * Tweedie's formula as an instruction: out = E[x_0 | x_t] = (x + std(t)^2 score) / mean(t).
 *
 * @param t diffusion time of x and score, in (0, T]
 * @see Efron 2011, "Tweedie's Formula and Selection Bias"; Song et al. 2021, appendix G.
 */
export function tweedie(
  process: ForwardProcess,
  t: number,
  { out, x, score }: { out: Register; x: Register; score: Register },
): LinearCombination {
  const { mean, std } = process.marginal(t);
  return {
    op: "lincomb",
    out,
    terms: [
      [1 / mean, x],
      [(std * std) / mean, score],
    ],
  };
}
