import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program } from "../program.ts";
import {
  CORRECTOR_REGISTERS,
  CORRECTORS,
  type CorrectorName,
  correctorEvaluations,
} from "./correctors.ts";
import {
  countDraws,
  drawPrior,
  evaluateAt,
  type Moves,
  type NextDraw,
  type SamplerRegisters,
  stepsOf,
} from "./moves.ts";
import { PREDICTORS, type PredictorName } from "./predictors.ts";
import { type TimeGridName, timeAt, timeGrid } from "./time-grid.ts";

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
}

/** The first register; the preview is the last that lasts, and the score comes behind it. */
const X = 0;
const LEAPFROG_STEPS = 3;

/** What is done next: a predictor step from time i to i + 1, or a corrector step at time i. */
interface Part {
  readonly part: "predictor" | "corrector";
  readonly i: number;
}

function* order(options: PredictorCorrectorOptions): Generator<Part, void, undefined> {
  const { steps, predictor, corrector, denoise } = options;
  const correctorSteps = corrector === "none" ? 0 : options.correctorSteps;
  // Correctors alone have no predictor to come after.
  const correctorFirst = options.correctorFirst || predictor === "none";
  for (let i = 0; i < steps; i++) {
    const predicts = predictor !== "none" || (denoise && i === steps - 1);
    if (!correctorFirst && predicts) yield { part: "predictor", i };
    const at = correctorFirst ? i : i + 1;
    // No score is known at time 0, where the paper's order would end with a corrector.
    for (let j = 0; j < correctorSteps && at < steps; j++) yield { part: "corrector", i: at };
    if (correctorFirst && predicts) yield { part: "predictor", i };
  }
}

/** How many network evaluations `predictorCorrector` asks for with these options. */
export function predictorCorrectorEvaluations(options: PredictorCorrectorOptions): number {
  const { corrector, leapfrogSteps = LEAPFROG_STEPS } = options;
  const corrected = correctorEvaluations(corrector, leapfrogSteps);
  let evaluations = 0;
  for (const { part } of order(options)) evaluations += part === "predictor" ? 1 : corrected;
  return evaluations;
}

/**
 * Predictor-corrector sampling from the prior at T down to eps, at most one network evaluation a step.
 *
 * @throws RangeError for a grid that can't be, a predictor that the process does not define, or nothing to do
 * @see Song et al. 2021, algorithm 1.
 */
export function predictorCorrector(options: PredictorCorrectorOptions): Program {
  const { process, predictor, corrector, leapfrogSteps = LEAPFROG_STEPS } = options;
  const times = timeGrid(options.timeGrid ?? process.timeGrid, process, options.eps, options.steps);
  if (predictor === "none" && (corrector === "none" || options.correctorSteps === 0)) {
    throw new RangeError("a sampler needs a predictor or a corrector; seen neither");
  }
  // Asked once here so that an undefined predictor is refused before anything runs.
  if (predictor !== "none") PREDICTORS[predictor](process, timeAt(times, 0), timeAt(times, 1));
  const lasting = ["x", ...CORRECTOR_REGISTERS[corrector], "preview"];
  const registers: SamplerRegisters = {
    x: X,
    preview: lasting.length - 1,
    score: lasting.length,
  };
  const evaluations = predictorCorrectorEvaluations(options);

  function* moves(nextDraw: NextDraw): Moves {
    for (const { part, i } of order(options)) {
      if (part === "predictor") {
        yield* predict(options, times, i, registers, nextDraw);
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

  return {
    registers: lasting,
    preview: registers.preview,
    scratch: 1,
    result: X,
    evaluations,
    steps() {
      const nextDraw = countDraws();
      return stepsOf([drawPrior(process, X, nextDraw())], moves(nextDraw), evaluations);
    },
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
  const at = evaluateAt(process, t, registers);
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
