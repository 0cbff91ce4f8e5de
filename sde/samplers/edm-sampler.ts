import type { LinearCondition } from "../conditions/linear-condition.ts";
import type { Instruction } from "../instruction.ts";
import { type ForwardProcess, sigmaAt } from "../processes/forward-process.ts";
import { gridMarginal } from "../processes/transition.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program } from "../program.ts";
import { beginAt, evaluateAt, type Moves, type NextDraw, type SamplerRegisters } from "./moves.ts";
import { samplerProgram, X } from "./sampler-program.ts";
import { type TimeGridName, timeAt, timeGrid } from "./time-grid.ts";

/** EDM's stochasticity: noise added before a step, as a share of its level. */
export interface Churn {
  /** S_churn: the share over the whole grid, >= 0. */
  readonly total: number;
  /** [S_min, S_max]: the noise levels that are churned. */
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** S_noise: the std of the added noise, a little over 1 against the blur of denoisers. */
  readonly noise: number;
}

/** Restart: the stretch between two noise levels is gone over again. */
export interface Restart {
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** How often again, >= 1. */
  readonly repeats: number;
  /** Heun steps of each time, >= 1. */
  readonly steps: number;
}

export interface EdmOptions {
  readonly process: ForwardProcess;
  /** Times of the grid, an integer >= 1. */
  readonly steps: number;
  readonly timeGrid: TimeGridName;
  /** In (0, T). */
  readonly eps: number;
  readonly churn?: Churn | undefined;
  readonly restart?: Restart;
  /** What is known of the picture. */
  readonly condition?: LinearCondition | undefined;
}

/** Heun's proposal, and the prediction at the step's start. */
const PROPOSAL = 1;
const PREDICTION = 2;

/**
 * EDM's sampler, deterministic or with churn, in any process: x / mean moves in sigma = std / mean as in EDM's own.
 * Heun's rule, save for the step to 0: 2 steps - 1 evaluations.
 *
 * @throws RangeError for steps or eps out of range, or a condition that can't be
 * @see Karras et al. 2022, algorithms 1 and 2; Xu et al. 2023, "Restart Sampling", algorithm 1.
 */
export function edmSampler(options: EdmOptions): Program {
  const { process, eps, steps, restart } = options;
  const times = timeGrid(options.timeGrid, process, eps, steps);
  const restartAt = restart === undefined ? -1 : restartIndex(process, times, restart);
  const again = restartAt < 0 ? 0 : 2 * (restart?.repeats ?? 0) * (restart?.steps ?? 0);

  function* moves(registers: SamplerRegisters, nextDraw: NextDraw): Moves {
    for (let i = 0; i < steps; i++) {
      const [t, next] = [timeAt(times, i), timeAt(times, i + 1)];
      yield* heun(options, { t, next, registers, nextDraw });
      if (i === restartAt && restart !== undefined) {
        yield* goBack({ ...options, restart }, next, registers, nextDraw);
      }
    }
  }

  return samplerProgram({
    process,
    own: ["x", "proposal", "prediction"],
    condition: options.condition,
    evaluations: 2 * steps - 1 + again,
    moves,
  });
}

interface HeunStep {
  readonly t: number;
  readonly next: number;
  readonly registers: SamplerRegisters;
  readonly nextDraw: NextDraw;
  /** Done before the step. */
  readonly prepare?: readonly Instruction[];
}

/** x = to x / mean(from) mean(to) + sqrt(sigma_to^2 - sigma_from^2) mean(to) noise z: up to a higher noise level. */
function addNoise(
  process: ForwardProcess,
  from: number,
  to: number,
  { scale, draw }: { scale: number; draw: number },
): Instruction {
  const mean = process.marginal(to).mean;
  const added = Math.sqrt(Math.max(0, sigmaAt(process, to) ** 2 - sigmaAt(process, from) ** 2));
  return {
    op: "lincomb",
    out: X,
    terms: [[mean / process.marginal(from).mean, X]],
    noise: { draw, scale: scale * added * mean },
  };
}

/** One step from t to `next`, churned before where that is asked for. */
function* heun({ process, steps, churn }: EdmOptions, step: HeunStep): Moves {
  const { next, registers, nextDraw } = step;
  const prepare = [...(step.prepare ?? [])];
  let { t } = step;
  const sigma = sigmaAt(process, t);
  if (churn !== undefined && sigma >= churn.sigmaMin && sigma <= churn.sigmaMax) {
    const share = Math.min(churn.total / steps, Math.SQRT2 - 1);
    const up = Math.min(process.endTime, process.timeOfSigma(sigma * (1 + share)));
    if (up > t) {
      prepare.push(addNoise(process, t, up, { scale: churn.noise, draw: nextDraw() }));
      t = up;
    }
  }
  const { x, score } = registers;
  const at = { ...beginAt(process, t, registers), prepare };
  if (next === 0) {
    yield { ...at, update: [tweedie(process, t, { out: x, x, score })] };
    return;
  }
  // With u = x / mean: u' = D + (sigma' / sigma) (u - D), and Heun's mean of the slopes (u - D) / sigma.
  const [from, to] = [process.marginal(t), gridMarginal(process, next)];
  const ratio = to.std / to.mean / (from.std / from.mean);
  yield {
    ...at,
    update: [
      tweedie(process, t, { out: PREDICTION, x, score }),
      {
        op: "lincomb",
        out: PROPOSAL,
        terms: [
          [(to.mean * ratio) / from.mean, x],
          [to.mean * (1 - ratio), PREDICTION],
        ],
      },
    ],
  };
  // u' = u + (sigma' - sigma) / 2 ((u - D) / sigma + (v - D') / sigma'), v the proposal, v - D' = -sigma'^2 mean' s'.
  const half = 0.5 * (ratio - 1);
  yield {
    ...evaluateAt(process, next, { ...registers, x: PROPOSAL }),
    update: [
      {
        op: "lincomb",
        out: x,
        terms: [
          [(to.mean / from.mean) * (1 + half), x],
          [-to.mean * half, PREDICTION],
          [to.mean * 0.5 * (sigmaAt(process, t) - to.std / to.mean) * to.std, score],
        ],
      },
    ],
  };
}

/** The last step of the grid that ends between the restart's two levels; -1 where there is none. */
function restartIndex(
  process: ForwardProcess,
  times: Float64Array,
  { sigmaMin, sigmaMax }: Restart,
): number {
  let index = -1;
  for (let i = 0; i + 1 < times.length - 1; i++) {
    const sigma = sigmaAt(process, timeAt(times, i + 1));
    if (sigma >= sigmaMin && sigma < sigmaMax) index = i;
  }
  return index;
}

/** From `low` up to the restart's higher level by noise and down again by Heun steps, as often as asked. */
function* goBack(
  options: EdmOptions & { readonly restart: Restart },
  low: number,
  registers: SamplerRegisters,
  nextDraw: NextDraw,
): Moves {
  const { process, restart } = options;
  const high = Math.min(process.endTime, process.timeOfSigma(restart.sigmaMax));
  const levels = timeGrid("karras", { ...process, endTime: high }, low, restart.steps + 1);
  for (let repeat = 0; repeat < restart.repeats; repeat++) {
    const up = addNoise(process, low, high, { scale: 1, draw: nextDraw() });
    for (let i = 0; i < restart.steps; i++) {
      const [t, next] = [timeAt(levels, i), timeAt(levels, i + 1)];
      const prepare = i === 0 ? [up] : [];
      yield* heun({ ...options, churn: undefined }, { t, next, registers, nextDraw, prepare });
    }
  }
}
