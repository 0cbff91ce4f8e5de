import type { Instruction } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { transitionAlpha } from "../processes/transition.ts";
import { hmc } from "./hmc.ts";
import { beginAt, type Moves, type NextDraw, type SamplerRegisters } from "./moves.ts";

/** Where a corrector step stands: at time t of the grid, whose next time is `next`. */
export interface CorrectorStep {
  readonly process: ForwardProcess;
  readonly t: number;
  readonly next: number;
  /** The paper's r. */
  readonly signalToNoise: number;
  /** HMC's leapfrog steps, >= 1. */
  readonly leapfrogSteps: number;
  readonly registers: SamplerRegisters;
  /** First of the registers behind the sampler's own that last; `CORRECTOR_REGISTERS` says how many there are. */
  readonly extra: number;
  readonly nextDraw: NextDraw;
}

/** One corrector step, which leaves the marginal at t as it is. Pure. */
export type Corrector = (step: CorrectorStep) => Moves;

/** A corrector of one evaluation and the instructions after it. */
function single(update: (step: CorrectorStep) => readonly Instruction[]): Corrector {
  return function* (step) {
    const { process, t, registers } = step;
    yield { ...beginAt(process, t, registers), update: update(step) };
  };
}

/**
 * Langevin dynamics with the step size of the signal-to-noise rule, from the norms of one trajectory.
 * The reference implementation averages the norms over its batch; here no trajectory knows of another.
 *
 * @see Song et al. 2021, algorithms 4 (VE, alpha = 1) and 5 (VP, alpha = 1 - beta of the step).
 */
export const langevin: Corrector = single((step) => {
  const { process, t, next, signalToNoise, registers, nextDraw } = step;
  const { x, score } = registers;
  const alpha = transitionAlpha(process, t, next);
  return [{ op: "langevin", out: x, x, score, signalToNoise, alpha, draw: nextDraw() }];
});

/** x + e score + sqrt(2 e) z. */
function langevinStep({ registers, nextDraw }: CorrectorStep, e: number): readonly Instruction[] {
  const { x, score } = registers;
  return [
    {
      op: "lincomb",
      out: x,
      terms: [
        [1, x],
        [e, score],
      ],
      noise: { draw: nextDraw(), scale: Math.sqrt(2 * e) },
    },
  ];
}

/**
 * Annealed Langevin dynamics' step, e = 2 alpha (r std(t))^2: no norms.
 *
 * @see Song and Ermon 2019, algorithm 1; the reference implementation's "ald" corrector.
 */
export const annealedLangevin: Corrector = single((step) => {
  const { process, t, next, signalToNoise } = step;
  const { std } = process.marginal(t);
  return langevinStep(step, 2 * transitionAlpha(process, t, next) * (signalToNoise * std) ** 2);
});

/** The share of the noise that `denoiseRenoise` draws anew: azula's value. */
const RENEWED = 0.01;

/**
 * Takes a share d of the noise off by the denoiser m = E[x_0 | x_t] and draws it anew:
 * x = a m + sqrt(1 - d) (x - a m) + sqrt(d) std z. Neither norms nor a step size to tune.
 *
 * @see azula, `PCSampler` (Rozet); a Langevin step written with the denoiser.
 */
export const denoiseRenoise: Corrector = single(({ process, t, registers, nextDraw }) => {
  const { x, score } = registers;
  const { std } = process.marginal(t);
  // x - a m = -std^2 score.
  const kept = 1 - Math.sqrt(1 - RENEWED);
  return [
    {
      op: "lincomb",
      out: x,
      terms: [
        [1, x],
        [std * std * kept, score],
      ],
      noise: { draw: nextDraw(), scale: Math.sqrt(RENEWED) * std },
    },
  ];
});

export type CorrectorName = "langevin" | "annealed-langevin" | "hmc" | "denoise-renoise" | "none";

/** Every corrector by the name that requests and manifests use; "none" is the absence of one. */
export const CORRECTORS: Readonly<Record<Exclude<CorrectorName, "none">, Corrector>> = {
  langevin: langevin,
  "annealed-langevin": annealedLangevin,
  hmc: hmc,
  "denoise-renoise": denoiseRenoise,
};

export const CORRECTOR_NAMES: readonly CorrectorName[] = [
  "langevin",
  "annealed-langevin",
  "hmc",
  "denoise-renoise",
  "none",
];

/** Registers that a corrector needs behind the sampler's own. */
export const CORRECTOR_REGISTERS: Readonly<Record<CorrectorName, readonly string[]>> = {
  langevin: [],
  "annealed-langevin": [],
  hmc: ["start", "momentum", "previous score"],
  "denoise-renoise": [],
  none: [],
};

/** Network evaluations of one corrector step. */
export function correctorEvaluations(name: CorrectorName, leapfrogSteps: number): number {
  switch (name) {
    case "none":
      return 0;
    case "hmc":
      return leapfrogSteps + 1;
    case "langevin":
    case "annealed-langevin":
    case "denoise-renoise":
      return 1;
  }
}
