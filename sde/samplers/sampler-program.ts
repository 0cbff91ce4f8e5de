import {
  checkCondition,
  imposition,
  type LinearCondition,
  NOTHING_IMPOSED,
} from "../conditions/linear-condition.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import type { Program } from "../program.ts";
import {
  countDraws,
  drawPrior,
  type Moves,
  type NextDraw,
  type SamplerRegisters,
  stepsOf,
} from "./moves.ts";

/** What makes a sampler: all that it does not share with the others. */
export interface SamplerParts {
  readonly process: ForwardProcess;
  /** Names of the registers that last, x first, without the preview. */
  readonly own: readonly string[];
  /** Where x comes from: drawn from the prior, or given as an input. */
  readonly start?: "prior" | "given";
  readonly condition?: LinearCondition | undefined;
  /** Network evaluations of all moves. */
  readonly evaluations: number;
  moves(registers: SamplerRegisters, nextDraw: NextDraw): Moves;
}

/** The register of every sampler's state: its first. */
export const X = 0;

/** Numbers of a condition's own draws: far from a sampler's, which are the same with a condition and without. */
const CONDITION_DRAWS = 2 ** 31;

/**
 * A sampler as a program, under a condition where there is one. Its inputs are x where that is given, then the
 * condition's `known` and `mask`.
 *
 * @throws RangeError for a condition that can't be
 */
export function samplerProgram(parts: SamplerParts): Program {
  const { process, own, start = "prior", condition, evaluations, moves } = parts;
  if (condition !== undefined) checkCondition(condition);
  const data = condition === undefined ? [] : ["known", "mask"];
  const lasting = [...own, ...data, "preview"];
  const registers: SamplerRegisters = {
    x: X,
    preview: lasting.length - 1,
    score: lasting.length,
  };
  const inputs = data.map((_, i) => own.length + i);
  const [known = Number.NaN, mask = Number.NaN] = inputs;
  return {
    registers: lasting,
    preview: registers.preview,
    inputs: start === "given" ? [X, ...inputs] : inputs,
    scratch: 1,
    result: X,
    evaluations,
    steps() {
      const nextDraw = countDraws();
      const first = start === "given" ? [] : [drawPrior(process, X, nextDraw())];
      // Between steps no score is kept, so that its register serves as scratch.
      const used = { x: X, known, mask, scratch: registers.score };
      const imposed =
        condition === undefined
          ? NOTHING_IMPOSED
          : imposition(process, condition, used, countDraws(CONDITION_DRAWS));
      return stepsOf(first, moves(registers, nextDraw), evaluations, imposed);
    },
  };
}
