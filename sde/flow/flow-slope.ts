import type { LinearCombination, Register, Term } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";

/**
 * The slope of the probability-flow ODE, dx/dt = a(t) x - g(t)^2 s(x, t) / 2, as terms over the registers of x and its
 * score.
 *
 * @see Song et al. 2021, equation 13.
 */
export function flowTerms(
  process: ForwardProcess,
  t: number,
  { x, score, scale = 1 }: { x: Register; score: Register; scale?: number },
): readonly [Term, Term] {
  return [
    [scale * process.driftCoefficient(t), x],
    [(-scale * process.diffusion(t) ** 2) / 2, score],
  ];
}

/** out = slope of the probability flow at x, t. */
export function flowSlope(
  process: ForwardProcess,
  t: number,
  { out, x, score }: { out: Register; x: Register; score: Register },
): LinearCombination {
  return { op: "lincomb", out, terms: flowTerms(process, t, { x, score }) };
}
