import type { Instruction, Register } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Program, Steps } from "../program.ts";
import { drawPrior, evaluateAt, type Move, type Moves, stepsOf } from "../samplers/moves.ts";
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
}

const X = 0;

/**
 * The probability-flow ODE as a program: deterministic, invertible, with the marginals of the SDE.
 *
 * @throws RangeError for steps, tolerances or eps out of range
 * @see Song et al. 2021, section 4.3 and appendix D.4.
 */
export function probabilityFlow(options: ProbabilityFlowOptions): Program {
  check(options);
  return options.solver === "rk45" ? adaptive(options) : fixed(options);
}

function check({ process, solver, steps, eps, ...rest }: ProbabilityFlowOptions): void {
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
    ...(direction === "sample" ? {} : { input: X }),
    result: X,
    evaluations: undefined,
    steps: () =>
      adaptiveSteps({ ...options, from, to, controller }, registers, start(options), after),
  };
}

function fixed(options: ProbabilityFlowOptions): Program {
  const { process, solver, steps, direction, eps } = options;
  const lasting = solver === "heun" ? ["x", "proposal", "slope", "preview"] : ["x", "preview"];
  const registers = { x: X, preview: lasting.length - 1, score: lasting.length };
  // One time more than steps, from T to eps; the 0 behind them is not used.
  const down = timeGrid(process.timeGrid, process, eps, steps + 1);
  const time = (i: number): number => timeAt(down, direction === "encode" ? steps - i : i);

  function* moves(): Moves {
    for (let i = 0; i < steps; i++) {
      const [t, next] = [time(i), time(i + 1)];
      if (solver === "euler") yield euler(process, t, next, registers);
      else yield* heun(process, t, next, registers);
    }
    if (!denoises(options)) return;
    const { x, score } = registers;
    const update = [tweedie(process, eps, { out: x, x, score })];
    yield { ...evaluateAt(process, eps, registers), update };
  }

  const evaluations = steps * (solver === "heun" ? 2 : 1) + (denoises(options) ? 1 : 0);
  return {
    registers: lasting,
    preview: registers.preview,
    scratch: 1,
    ...(direction === "sample" ? {} : { input: X }),
    result: X,
    evaluations,
    steps: () => stepsOf(start(options), moves(), evaluations),
  };
}

interface FixedRegisters {
  readonly x: Register;
  readonly preview: Register;
  readonly score: Register;
}

function euler(process: ForwardProcess, t: number, next: number, registers: FixedRegisters): Move {
  const { x, score } = registers;
  const [[ofX], ofScore] = flowTerms(process, t, { x, score, scale: next - t });
  const update: Instruction = { op: "lincomb", out: x, terms: [[1 + ofX, x], ofScore] };
  return { ...evaluateAt(process, t, registers), update: [update] };
}

/** Heun's rule: the mean of the slopes at both ends, the far one at Euler's proposal. */
function* heun(process: ForwardProcess, t: number, next: number, registers: FixedRegisters): Moves {
  const { x, score } = registers;
  const [proposal, slope] = [x + 1, x + 2];
  const h = next - t;
  yield {
    ...evaluateAt(process, t, registers),
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
