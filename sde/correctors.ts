import type { ForwardProcess } from "./forward-process.ts";
import type { Instruction, Register } from "./instruction.ts";
import { transitionAlpha } from "./transition.ts";

/** Where a corrector step stands: at time t of the grid, whose next time is `next`. */
export interface CorrectorStep {
  readonly process: ForwardProcess;
  readonly t: number;
  readonly next: number;
  readonly signalToNoise: number;
  readonly x: Register;
  readonly score: Register;
  /** Number of the draw that the step uses. */
  readonly draw: number;
}

/** The instructions of one corrector step, after the score at t has been evaluated. Pure. */
export type Corrector = (step: CorrectorStep) => readonly Instruction[];

/**
 * Langevin dynamics with the step size of the signal-to-noise rule, from the norms of one trajectory.
 * The reference implementation averages the norms over its batch; here no trajectory knows of another.
 *
 * @see Song et al. 2021, algorithms 4 (VE, alpha = 1) and 5 (VP, alpha = 1 - beta of the step).
 */
export function langevin({
  process,
  t,
  next,
  signalToNoise,
  x,
  score,
  draw,
}: CorrectorStep): readonly Instruction[] {
  const alpha = transitionAlpha(process, t, next);
  return [{ op: "langevin", out: x, x, score, signalToNoise, alpha, draw }];
}

export type CorrectorName = "langevin" | "none";

/** Every corrector by the name that requests and manifests use; "none" is the absence of one. */
export const CORRECTORS: Readonly<Record<Exclude<CorrectorName, "none">, Corrector>> = {
  langevin: langevin,
};

export const CORRECTOR_NAMES: readonly CorrectorName[] = ["langevin", "none"];
