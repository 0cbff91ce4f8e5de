import type { LinearCondition } from "../conditions/linear-condition.ts";
import type { Instruction, Register } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program, Steps } from "../program.ts";
import {
  beginAt,
  drawPrior,
  evaluateAt,
  type Move,
  type Moves,
  type SamplerRegisters,
} from "../samplers/moves.ts";
import { samplerProgram, X } from "../samplers/sampler-program.ts";
import { timeAt, timeGrid } from "../samplers/time-grid.ts";
import { adaptiveSteps, type FlowRegisters } from "./adaptive-flow.ts";
import { flowSlope, flowTerms } from "./flow-slope.ts";
import { DORMAND_PRINCE } from "./runge-kutta-tableau.ts";

export type FlowSolver = "rk45" | "heun" | "euler";

export const FLOW_SOLVERS: readonly FlowSolver[] = ["rk45", "heun", "euler"];

export interface ProbabilityFlowOptions {
  readonly process: ForwardProcess;
  /** "sample": from the prior; "decode": from a given latent; both from T down to eps. "encode": up from eps to T. */
  readonly direction: "sample" | "decode" | "encode";
  readonly solver: FlowSolver;
  /** Steps of the fixed-step solvers, an integer >= 1. */
  readonly steps: number;
  /** Tolerances of "rk45", > 0. */
  readonly relativeTolerance: number;
  readonly absoluteTolerance: number;
  /** In (0, T). */
  readonly eps: number;
  /** Ends with E[x_0 | x_eps] by one more evaluation; not when encoding. */
  readonly denoise: boolean;
  /** More evaluations than this end an adaptive solve in a failure. */
  readonly maxEvaluations: number;
  /** Step size control of "rk45"; default "i". */
  readonly controller?: "i" | "pi";
  /** What is known of the picture; for the fixed-step solvers, and not when encoding. */
  readonly condition?: LinearCondition | undefined;
}

/**
 * The probability-flow ODE as a program: deterministic, invertible, with the marginals of the SDE.
 *
 * @throws RangeError for steps, tolerances or eps out of range, or a condition that can't be
 * @see Song et al. 2021, section 4.3 and appendix D.4.
 */
export function probabilityFlow(options: ProbabilityFlowOptions): Program {
  checkFlow(options);
  checkConditional(options);
  return options.solver === "rk45" ? adaptive(options) : fixed(options);
}

/** What is asked of a solve whatever its direction. */
export type FlowSettings = Omit<ProbabilityFlowOptions, "direction" | "denoise" | "condition">;

/** @throws RangeError for steps, tolerances or eps out of range */
export function checkFlow({ process, solver, steps, eps, ...rest }: FlowSettings): void {
  const { relativeTolerance, absoluteTolerance } = rest;
  if (!(eps > 0 && eps < process.endTime)) {
    throw new RangeError(`eps must lie in (0, ${process.endTime}); seen ${eps}`);
  }
  if (solver !== "rk45" && !(Number.isInteger(steps) && steps >= 1)) {
    throw new RangeError(`steps must be an integer of at least 1; seen ${steps}`);
  }
  if (solver === "rk45" && !(relativeTolerance > 0 && absoluteTolerance > 0)) {
    throw new RangeError(
      `tolerances must be > 0; seen ${relativeTolerance} and ${absoluteTolerance}`,
    );
  }
}

function checkConditional({ condition, solver, direction }: ProbabilityFlowOptions): void {
  if (condition === undefined) return;
  if (solver === "rk45") {
    throw new RangeError(
      'the solver "rk45" takes no condition: what is imposed between its steps makes its error estimate meaningless; take "heun" or "euler"',
    );
  }
  if (direction === "encode") {
    throw new RangeError("encoding takes no condition: all of the picture is known");
  }
}

function ends({ process, direction, eps }: ProbabilityFlowOptions): [from: number, to: number] {
  return direction === "encode" ? [eps, process.endTime] : [process.endTime, eps];
}

function start({ process, direction }: ProbabilityFlowOptions): readonly Instruction[] {
  return direction === "sample" ? [drawPrior(process, X, 0)] : [];
}

function denoises({ direction, denoise }: ProbabilityFlowOptions): boolean {
  return denoise && direction !== "encode";
}

function adaptive(options: ProbabilityFlowOptions): Program {
  const { process, eps, direction, controller = "i" } = options;
  const stages = DORMAND_PRINCE.a.map((_, i) => 2 + i);
  const lasting = ["x", "proposal", ...stages.map((_, i) => `slope ${i + 1}`), "preview"];
  const registers: FlowRegisters = {
    x: X,
    proposal: 1,
    stages,
    preview: lasting.length - 1,
    score: lasting.length,
    difference: lasting.length + 1,
  };
  const [from, to] = ends(options);

  function* after(x: Register): Steps {
    const { score, preview } = registers;
    if (denoises(options)) {
      const move = evaluateAt(process, eps, { x, preview, score });
      const update = [tweedie(process, eps, { out: X, x, score })];
      yield { ...move, prepare: [], update, fraction: 1 };
    } else if (x !== X) {
      yield { prepare: [{ op: "lincomb", out: X, terms: [[1, x]] }], update: [], fraction: 1 };
    }
    return undefined;
  }

  return {
    registers: lasting,
    preview: registers.preview,
    scratch: 2,
    inputs: direction === "sample" ? [] : [X],
    result: X,
    evaluations: undefined,
    steps: () =>
      adaptiveSteps({ ...options, from, to, controller }, registers, start(options), after),
  };
}

function fixed(options: ProbabilityFlowOptions): Program {
  const { process, solver, steps, direction, eps, condition } = options;
  const times = fixedTimes(options);

  function* moves(registers: SamplerRegisters): Moves {
    for (let i = 0; i < steps; i++) {
      yield* fixedStep(solver, process, timeAt(times, i), timeAt(times, i + 1), registers);
    }
    if (!denoises(options)) return;
    const { x, score } = registers;
    const update = [tweedie(process, eps, { out: x, x, score })];
    yield { ...beginAt(process, eps, registers), update };
  }

  return samplerProgram({
    process,
    own: fixedLasting(solver),
    start: direction === "sample" ? "prior" : "given",
    condition,
    evaluations: steps * fixedCost(solver) + (denoises(options) ? 1 : 0),
    moves,
  });
}

/** The steps + 1 times of a fixed-step solve, in the order in which it takes them. */
export function fixedTimes(
  options: Pick<ProbabilityFlowOptions, "process" | "eps" | "steps" | "direction">,
): Float64Array {
  const { process, eps, steps, direction } = options;
  // From T to eps; the 0 behind them is not used.
  const down = timeGrid(process.timeGrid, process, eps, steps + 1).subarray(0, steps + 1);
  return direction === "encode" ? down.reverse() : down;
}

/** Evaluations of a fixed step; each has the same share in the slope that the step takes. */
export function fixedCost(solver: FlowSolver): number {
  return solver === "heun" ? 2 : 1;
}

/** The registers that a fixed step needs to last: its x is the first, the others follow. */
export function fixedLasting(solver: FlowSolver): readonly string[] {
  return solver === "heun" ? ["x", "proposal", "slope"] : ["x"];
}

/** One step of a fixed-step solver. */
export function* fixedStep(
  solver: FlowSolver,
  process: ForwardProcess,
  t: number,
  next: number,
  registers: SamplerRegisters,
): Moves {
  if (solver === "euler") yield euler(process, t, next, registers);
  else yield* heun(process, t, next, registers);
}

function euler(
  process: ForwardProcess,
  t: number,
  next: number,
  registers: SamplerRegisters,
): Move {
  const { x, score } = registers;
  const [[ofX], ofScore] = flowTerms(process, t, { x, score, scale: next - t });
  const update: Instruction = { op: "lincomb", out: x, terms: [[1 + ofX, x], ofScore] };
  return { ...beginAt(process, t, registers), update: [update] };
}

/** Heun's rule: the mean of the slopes at both ends, the far one at Euler's proposal. */
function* heun(
  process: ForwardProcess,
  t: number,
  next: number,
  registers: SamplerRegisters,
): Moves {
  const { x, score } = registers;
  const [proposal, slope] = [x + 1, x + 2];
  const h = next - t;
  yield {
    ...beginAt(process, t, registers),
    update: [
      flowSlope(process, t, { out: slope, x, score }),
      {
        op: "lincomb",
        out: proposal,
        terms: [
          [1, x],
          [h, slope],
        ],
      },
    ],
  };
  const far = flowTerms(process, next, { x: proposal, score, scale: h / 2 });
  yield {
    ...evaluateAt(process, next, { ...registers, x: proposal }),
    update: [{ op: "lincomb", out: x, terms: [[1, x], [h / 2, slope], ...far] }],
  };
}
