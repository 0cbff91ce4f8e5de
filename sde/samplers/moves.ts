import { type Imposition, NOTHING_IMPOSED } from "../conditions/linear-condition.ts";
import type { Instruction, Register } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Evaluation, Scalars, Step, Steps } from "../program.ts";

/**
 * A step of a part of a program, which does not say how far the whole is. One without an evaluation joins the next
 * that has one, and returns no scalars.
 */
export type Move = Omit<Step, "fraction" | "prepare"> & {
  readonly prepare?: Step["prepare"];
  /**
   * A predictor or corrector step begins here: what is evaluated is its x, at x's own time, and not a point on the way.
   * Before the evaluation a condition imposes what it knows.
   */
  readonly begins?: true;
};

/** The control flow of a part of a program. */
export type Moves = Generator<Move, void, Scalars>;

/** The registers that every sampler has. */
export interface SamplerRegisters {
  readonly x: Register;
  readonly preview: Register;
  readonly score: Register;
}

/** The evaluation of x at time t, with Tweedie's estimate for a preview. */
export function evaluateAt(
  process: ForwardProcess,
  t: number,
  { x, preview, score }: SamplerRegisters,
): { readonly evaluate: Evaluation; readonly estimate: NonNullable<Step["estimate"]> } {
  return {
    evaluate: { graph: "score", input: x, time: t, output: score },
    estimate: tweedie(process, t, { out: preview, x, score }),
  };
}

/** The same, where a predictor or corrector step begins. */
export function beginAt(
  process: ForwardProcess,
  t: number,
  registers: SamplerRegisters,
): ReturnType<typeof evaluateAt> & { readonly begins: true } {
  return { ...evaluateAt(process, t, registers), begins: true };
}

/** The number of the next draw: 0, 1, 2, ... */
export type NextDraw = () => number;

/** @param first the number to begin with */
export function countDraws(first = 0): NextDraw {
  let draw = first;
  return () => draw++;
}

/** x = priorStd z: the start of every sampler. */
export function drawPrior(process: ForwardProcess, x: Register, draw: number): Instruction {
  return { op: "lincomb", out: x, terms: [], noise: { draw, scale: process.priorStd } };
}

/**
 * A program's steps from its moves.
 *
 * @param first goes into the first step's prepare, and returns no scalars
 * @param evaluations of all moves together
 * @param imposed by a condition, before each move that begins and at the end
 */
export function* stepsOf(
  first: readonly Instruction[],
  moves: Moves,
  evaluations: number,
  imposed: Imposition = NOTHING_IMPOSED,
): Steps {
  let before = first;
  let done = 0;
  let next = moves.next([]);
  while (!next.done) {
    const { prepare = [], begins, ...move } = next.value;
    if (move.evaluate === undefined) {
      before = [...before, ...prepare, ...move.update];
      next = moves.next([]);
      continue;
    }
    done++;
    const scalars = yield {
      ...move,
      prepare: [...before, ...prepare, ...(begins ? imposed.at(move.evaluate.time) : [])],
      fraction: done / evaluations,
    };
    before = [];
    next = moves.next(scalars);
  }
  const last = [...before, ...imposed.end];
  if (last.length > 0) yield { prepare: last, update: [], fraction: 1 };
  return undefined;
}
