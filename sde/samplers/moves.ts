import type { Instruction, Register } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Evaluation, Scalars, Step, Steps } from "../program.ts";

/** A step of a part of a program, which does not say how far the whole is. */
export type Move = Omit<Step, "fraction" | "prepare"> & { readonly prepare?: Step["prepare"] };

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

/** The number of the next draw: 0, 1, 2, ... */
export type NextDraw = () => number;

export function countDraws(): NextDraw {
  let draw = 0;
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
 */
export function* stepsOf(first: readonly Instruction[], moves: Moves, evaluations: number): Steps {
  let before = first;
  let done = 0;
  let next = moves.next([]);
  while (!next.done) {
    const { prepare = [], ...move } = next.value;
    if (move.evaluate !== undefined) done++;
    const scalars = yield {
      ...move,
      prepare: [...before, ...prepare],
      fraction: done / evaluations,
    };
    before = [];
    next = moves.next(scalars);
  }
  return undefined;
}
