import type { LinearCondition } from "../conditions/linear-condition.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { forwardTransition } from "../processes/transition.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program } from "../program.ts";
import {
  CORRECTOR_REGISTERS,
  CORRECTORS,
  type CorrectorName,
  correctorEvaluations,
} from "./correctors.ts";
import { beginAt, type Move, type Moves, type NextDraw, type SamplerRegisters } from "./moves.ts";
import { PREDICTORS, type PredictorName } from "./predictors.ts";
import { samplerProgram, X } from "./sampler-program.ts";
import { type TimeGridName, timeAt, timeGrid } from "./time-grid.ts";

/**
 * Goes over stretches of the grid again: after each the sample is noised back to where the stretch began, so that what
 * is not known can come to terms with what is.
 *
 * @see Lugmayr et al. 2022, "RePaint", section 4.2 and algorithm 1.
 */
export interface Resampling {
  /** Steps of a stretch, an integer >= 1; the last may be shorter. The step to time 0 is in none. */
  readonly jumpLength: number;
  /** How often each stretch is gone over again, an integer >= 0. */
  readonly jumps: number;
}

export interface PredictorCorrectorOptions {
  readonly process: ForwardProcess;
  /** "none": correctors alone walk down the grid. */
  readonly predictor: PredictorName | "none";
  readonly corrector: CorrectorName;
  /** Times of the grid, an integer >= 1. */
  readonly steps: number;
  /** Corrector steps at each time, an integer >= 0; without a meaning where the corrector is "none". */
  readonly correctorSteps: number;
  /** The paper's r, > 0. */
  readonly signalToNoise: number;
  /** HMC's leapfrog steps, an integer >= 1; default 3. */
  readonly leapfrogSteps?: number;
  /** Default: the process's own. */
  readonly timeGrid?: TimeGridName;
  /** Where reverse time stops, in (0, T). */
  readonly eps: number;
  /** The last step returns E[x_0 | x_eps] in place of one more noisy predictor step. */
  readonly denoise: boolean;
  /** Corrector before predictor at each time, as in the reference implementation; the paper's is the other way. */
  readonly correctorFirst: boolean;
  /** What is known of the picture. */
  readonly condition?: LinearCondition | undefined;
  readonly resampling?: Resampling | undefined;
}

const LEAPFROG_STEPS = 3;

/**
 * What is done next: a predictor step from time i to i + 1, a corrector step at time i, or a jump by noise from time i
 * back to time `to`.
 */
type Part =
  | { readonly part: "predictor" | "corrector"; readonly i: number }
  | { readonly part: "jump"; readonly i: number; readonly to: number };

function* order(options: PredictorCorrectorOptions): Generator<Part, void, undefined> {
  const { steps, predictor, resampling } = options;
  const { jumpLength, jumps } = resampling ?? { jumpLength: steps, jumps: 0 };
  for (let from = 0; from < steps - 1; from += jumpLength) {
    const end = Math.min(from + jumpLength, steps - 1);
    for (let repeat = 0; repeat <= jumps; repeat++) {
      // Correctors alone leave the sample at the last time that they worked at.
      const low = predictor === "none" ? end - 1 : end;
      if (repeat > 0) yield { part: "jump", i: low, to: from };
      for (let i = from; i < end; i++) yield* orderOfStep(options, i);
    }
  }
  yield* orderOfStep(options, steps - 1);
}

/** Step i and its correctors. */
function* orderOfStep(
  options: PredictorCorrectorOptions,
  i: number,
): Generator<Part, void, undefined> {
  const { steps, predictor, corrector, denoise } = options;
  const correctorSteps = corrector === "none" ? 0 : options.correctorSteps;
  // Correctors alone have no predictor to come after.
  const correctorFirst = options.correctorFirst || predictor === "none";
  const predicts = predictor !== "none" || (denoise && i === steps - 1);
  if (!correctorFirst && predicts) yield { part: "predictor", i };
  const at = correctorFirst ? i : i + 1;
  // No score is known at time 0, where the paper's order would end with a corrector.
  for (let j = 0; j < correctorSteps && at < steps; j++) yield { part: "corrector", i: at };
  if (correctorFirst && predicts) yield { part: "predictor", i };
}

/** How many network evaluations `predictorCorrector` asks for with these options. */
export function predictorCorrectorEvaluations(options: PredictorCorrectorOptions): number {
  const { corrector, steps, leapfrogSteps = LEAPFROG_STEPS, resampling } = options;
  const corrected = correctorEvaluations(corrector, leapfrogSteps);
  const cost = { predictor: 1, corrector: corrected, jump: 0 };
  let once = 0;
  let last = 0;
  for (let i = 0; i < steps; i++) {
    last = 0;
    for (const { part } of orderOfStep(options, i)) last += cost[part];
    once += last;
  }
  // All but the last step are in a stretch.
  return once + (resampling?.jumps ?? 0) * (once - last);
}

/**
 * Predictor-corrector sampling from the prior at T down to eps, at most one network evaluation a step.
 *
 * @throws RangeError for a grid, a condition or a resampling that can't be, a predictor that the process does not
 * define, or nothing to do
 * @see Song et al. 2021, algorithm 1.
 */
export function predictorCorrector(options: PredictorCorrectorOptions): Program {
  const { process, predictor, corrector, leapfrogSteps = LEAPFROG_STEPS } = options;
  const times = timeGrid(options.timeGrid ?? process.timeGrid, process, options.eps, options.steps);
  if (predictor === "none" && (corrector === "none" || options.correctorSteps === 0)) {
    throw new RangeError("a sampler needs a predictor or a corrector; seen neither");
  }
  checkResampling(options.resampling);
  // Asked once here so that an undefined predictor is refused before anything runs.
  if (predictor !== "none") PREDICTORS[predictor](process, timeAt(times, 0), timeAt(times, 1));

  function* moves(registers: SamplerRegisters, nextDraw: NextDraw): Moves {
    for (const next of order(options)) {
      const { part, i } = next;
      if (part === "predictor") {
        yield* predict(options, times, i, registers, nextDraw);
      } else if (part === "jump") {
        yield jump(process, timeAt(times, i), timeAt(times, next.to), nextDraw());
      } else if (corrector !== "none") {
        const step = {
          process,
          t: timeAt(times, i),
          next: timeAt(times, i + 1),
          registers,
          nextDraw,
        };
        const { signalToNoise } = options;
        yield* CORRECTORS[corrector]({ ...step, signalToNoise, leapfrogSteps, extra: X + 1 });
      }
    }
  }

  return samplerProgram({
    process,
    own: ["x", ...CORRECTOR_REGISTERS[corrector]],
    condition: options.condition,
    evaluations: predictorCorrectorEvaluations(options),
    moves,
  });
}

function checkResampling({ jumpLength, jumps }: Resampling = { jumpLength: 1, jumps: 0 }): void {
  if (!(Number.isInteger(jumpLength) && jumpLength >= 1)) {
    throw new RangeError(`jumpLength must be an integer of at least 1; seen ${jumpLength}`);
  }
  if (!(Number.isInteger(jumps) && jumps >= 0)) {
    throw new RangeError(`jumps must be an integer of at least 0; seen ${jumps}`);
  }
}

/** From a time up to one of more noise, by the forward process itself. */
function jump(process: ForwardProcess, from: number, to: number, draw: number): Move {
  const { mean, std } = forwardTransition(process, from, to);
  return {
    update: [{ op: "lincomb", out: X, terms: [[mean, X]], noise: { draw, scale: std } }],
  };
}

function* predict(
  { process, predictor, denoise }: PredictorCorrectorOptions,
  times: Float64Array,
  i: number,
  registers: SamplerRegisters,
  nextDraw: NextDraw,
): Moves {
  const t = timeAt(times, i);
  const next = timeAt(times, i + 1);
  const { x, score } = registers;
  const at = beginAt(process, t, registers);
  if ((next === 0 && denoise) || predictor === "none") {
    yield { ...at, update: [tweedie(process, t, { out: x, x, score })] };
    return;
  }
  const update = PREDICTORS[predictor](process, t, next);
  yield {
    ...at,
    update: [
      {
        op: "lincomb",
        out: x,
        terms: [
          [update.x, x],
          [update.score, score],
        ],
        noise: { draw: nextDraw(), scale: update.noise },
      },
    ],
  };
}
