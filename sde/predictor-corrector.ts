import { CORRECTORS, type CorrectorName } from "./correctors.ts";
import type { ForwardProcess } from "./forward-process.ts";
import type { Instruction } from "./instruction.ts";
import { PREDICTORS, type PredictorName } from "./predictors.ts";
import type { Program, Scalars, Step } from "./program.ts";
import { timeAt, uniformTimes } from "./time-grid.ts";
import { tweedie } from "./tweedie.ts";

export interface PredictorCorrectorOptions {
  readonly process: ForwardProcess;
  readonly predictor: PredictorName;
  readonly corrector: CorrectorName;
  /** Predictor steps, an integer >= 1. */
  readonly steps: number;
  /** Corrector steps at each time, an integer >= 0; without a meaning where the corrector is "none". */
  readonly correctorSteps: number;
  /** The paper's r, > 0. */
  readonly signalToNoise: number;
  /** Where reverse time stops, in (0, T). */
  readonly eps: number;
  /** The last step returns E[x_0 | x_eps] in place of one more noisy predictor step. */
  readonly denoise: boolean;
  /** Corrector before predictor at each time, as in the reference implementation; the paper's is the other way. */
  readonly correctorFirst: boolean;
}

const X = 0;
const PREVIEW = 1;
const SCORE = 2;

/** What one evaluation is for: a predictor step from time i to i + 1, or a corrector step at time i. */
interface Evaluation {
  readonly part: "predictor" | "corrector";
  readonly i: number;
}

function* order(options: PredictorCorrectorOptions): Generator<Evaluation, void, undefined> {
  const { steps, corrector, correctorFirst } = options;
  const correctorSteps = corrector === "none" ? 0 : options.correctorSteps;
  for (let i = 0; i < steps; i++) {
    if (!correctorFirst) yield { part: "predictor", i };
    const at = correctorFirst ? i : i + 1;
    // No score is known at time 0, where the paper's order would end with a corrector.
    for (let j = 0; j < correctorSteps && at < steps; j++) yield { part: "corrector", i: at };
    if (correctorFirst) yield { part: "predictor", i };
  }
}

/** How many network evaluations `predictorCorrector` asks for with these options. */
export function predictorCorrectorEvaluations(options: PredictorCorrectorOptions): number {
  const correctorSteps = options.corrector === "none" ? 0 : options.correctorSteps;
  const times = options.correctorFirst ? options.steps : options.steps - 1;
  return options.steps + times * correctorSteps;
}

/**
 * Predictor-corrector sampling from the prior at T down to eps, one network evaluation a step.
 *
 * @throws RangeError for a grid that can't be, or a predictor that the process does not define.
 * @see Song et al. 2021, algorithm 1.
 */
export function predictorCorrector(options: PredictorCorrectorOptions): Program {
  const { process } = options;
  const times = uniformTimes(process.endTime, options.eps, options.steps);
  const evaluations = predictorCorrectorEvaluations(options);
  // Asked once here so that an undefined predictor is refused before anything runs.
  PREDICTORS[options.predictor](process, timeAt(times, 0), timeAt(times, 1));

  function* steps(): Generator<Step, void, Scalars> {
    let draw = 0;
    let done = 0;
    let prepare: readonly Instruction[] = [
      { op: "lincomb", out: X, terms: [], noise: { draw: draw++, scale: process.priorStd } },
    ];
    for (const { part, i } of order(options)) {
      const t = timeAt(times, i);
      const update =
        part === "predictor"
          ? predict(options, times, i, draw++)
          : correct(options, times, i, draw++);
      yield {
        prepare,
        evaluate: { graph: "score", input: X, time: t, output: SCORE },
        estimate: tweedie(process, t, { out: PREVIEW, x: X, score: SCORE }),
        update,
        fraction: ++done / evaluations,
      };
      prepare = [];
    }
  }

  return {
    registers: ["x", "preview"],
    preview: PREVIEW,
    scratch: 1,
    result: X,
    evaluations,
    steps,
  };
}

function predict(
  { process, predictor, denoise }: PredictorCorrectorOptions,
  times: Float64Array,
  i: number,
  draw: number,
): readonly Instruction[] {
  const t = timeAt(times, i);
  const next = timeAt(times, i + 1);
  if (next === 0 && denoise) return [tweedie(process, t, { out: X, x: X, score: SCORE })];
  const update = PREDICTORS[predictor](process, t, next);
  return [
    {
      op: "lincomb",
      out: X,
      terms: [
        [update.x, X],
        [update.score, SCORE],
      ],
      noise: { draw, scale: update.noise },
    },
  ];
}

function correct(
  { process, corrector, signalToNoise }: PredictorCorrectorOptions,
  times: Float64Array,
  i: number,
  draw: number,
): readonly Instruction[] {
  if (corrector === "none") return [];
  return CORRECTORS[corrector]({
    process,
    t: timeAt(times, i),
    next: timeAt(times, i + 1),
    signalToNoise,
    x: X,
    score: SCORE,
    draw,
  });
}
