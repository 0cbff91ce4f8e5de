import type { Instruction, Register, Term } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Evaluation, Scalars, SolverFailure, Step, Steps } from "../program.ts";
import { flowSlope } from "./flow-slope.ts";
import { DORMAND_PRINCE } from "./runge-kutta-tableau.ts";
import { type StepSizeOptions, stepSize } from "./step-size.ts";

/** An initial value problem of the probability flow. */
export interface FlowProblem {
  readonly process: ForwardProcess;
  /** Times of start and end; down when decoding, up when encoding. */
  readonly from: number;
  readonly to: number;
  readonly relativeTolerance: number;
  readonly absoluteTolerance: number;
  /** More evaluations than this end the solve in a failure. */
  readonly maxEvaluations: number;
  readonly controller: StepSizeOptions["controller"];
}

/** Registers of an adaptive solve; `stages` are as many as the tableau has. */
export interface FlowRegisters {
  readonly x: Register;
  readonly proposal: Register;
  readonly stages: readonly Register[];
  readonly preview: Register;
  readonly score: Register;
  readonly difference: Register;
}

const { a, c, error: errorWeights, order } = DORMAND_PRINCE;
const LAST = a.length - 1;

/** x + h sum_j weights_j k_j */
function combine(
  out: Register,
  x: Register,
  h: number,
  weights: readonly number[],
  stages: readonly Register[],
): Instruction {
  const terms: Term[] = [[1, x]];
  for (const [j, weight] of weights.entries()) {
    const stage = stages[j];
    if (weight !== 0 && stage !== undefined) terms.push([h * weight, stage]);
  }
  return { op: "lincomb", out, terms };
}

/** What the solve returns: where the answer is, or why there is none. */
export type FlowOutcome = { readonly answer: Register } | SolverFailure;

/**
 * Solves the probability flow by Dormand-Prince 5(4), with the step size and the error norm of this trajectory alone:
 * 2 evaluations to choose the first step, then 6 an attempted step.
 *
 * The state and the first slope change places with the proposal and the last slope when a step is accepted, in name
 * only: no pixels move.
 *
 * @param first what is done before the first evaluation
 * @see Hairer, Norsett and Wanner 1993, sections II.4 and II.5.
 */
export function* adaptiveFlow(
  problem: FlowProblem,
  registers: FlowRegisters,
  first: readonly Instruction[],
): Generator<Step, FlowOutcome, Scalars> {
  const { process, from, to, relativeTolerance, absoluteTolerance, maxEvaluations } = problem;
  const { score, preview, difference } = registers;
  let { x, proposal } = registers;
  const stages = [...registers.stages];
  const stage = (i: number): Register => stages[i] ?? Number.NaN;
  const sign = Math.sign(to - from);
  let t = from;
  let evaluations = 0;

  const step = (at: Register, time: number, out: Register, rest: Partial<Step>): Step => {
    evaluations++;
    const evaluate: Evaluation = { graph: "score", input: at, time, output: score };
    const slope = flowSlope(process, time, { out, x: at, score });
    return {
      prepare: rest.prepare ?? [],
      evaluate,
      estimate: tweedie(process, time, { out: preview, x: at, score }),
      update: [slope, ...(rest.update ?? [])],
      fraction: (t - from) / (to - from),
    };
  };
  const norm = (v: Register, y: Register): Instruction => {
    return {
      op: "scaled-norm",
      v,
      x,
      y,
      relative: relativeTolerance,
      absolute: absoluteTolerance,
    };
  };

  // Hairer's first step: from the sizes of state and slope, then from how the slope changes.
  const [stateNorm = 0, slopeNorm = 0] = yield step(x, t, stage(0), {
    prepare: first,
    update: [norm(x, x), norm(stage(0), x)],
  });
  const guess = stateNorm < 1e-5 || slopeNorm < 1e-5 ? 1e-6 : (0.01 * stateNorm) / slopeNorm;
  const trial = Math.min(guess, Math.abs(to - from));
  const [changeNorm = 0] = yield step(proposal, t + sign * trial, stage(1), {
    prepare: [combine(proposal, x, sign * trial, [1], stages)],
    update: [
      {
        op: "lincomb",
        out: difference,
        terms: [
          [1 / trial, stage(1)],
          [-1 / trial, stage(0)],
        ],
      },
      norm(difference, x),
    ],
  });
  const steepest = Math.max(slopeNorm, changeNorm);
  const second =
    steepest <= 1e-15 ? Math.max(1e-6, trial * 1e-3) : (0.01 / steepest) ** (1 / order);
  let size = Math.min(100 * trial, second);
  const control = stepSize({ order, controller: problem.controller });

  while (t !== to) {
    if (evaluations + LAST > maxEvaluations) {
      return { failure: `the ODE solver used up its ${maxEvaluations} evaluations at time ${t}` };
    }
    if (!(size > 16 * Number.EPSILON * Math.abs(t))) {
      return {
        failure: `the ODE solver's step fell to ${size} at time ${t}: the tolerance can't be met`,
      };
    }
    const end = sign * (t + sign * size - to) >= 0 ? to : t + sign * size;
    const h = end - t;
    let scalars: Scalars = [];
    for (let i = 1; i <= LAST; i++) {
      const last = i === LAST;
      scalars = yield step(proposal, i === LAST ? end : t + (c[i] ?? 0) * h, stage(i), {
        prepare: [combine(proposal, x, h, a[i] ?? [], stages)],
        update: last ? [errorOf(difference, h, stages), norm(difference, proposal)] : [],
      });
    }
    const { accepted, factor } = control.next(scalars[0] ?? Number.NaN);
    if (accepted) {
      t = end;
      [x, proposal] = [proposal, x];
      [stages[0], stages[LAST]] = [stage(LAST), stage(0)];
    }
    size = Math.abs(h) * factor;
  }
  return { answer: x };
}

/** out = h sum_i error_i k_i */
function errorOf(out: Register, h: number, stages: readonly Register[]): Instruction {
  const terms = stages.map((stage, i): Term => [h * (errorWeights[i] ?? 0), stage]);
  return { op: "lincomb", out, terms };
}

/** The steps of a whole program from an adaptive solve and what follows it. */
export type AfterFlow = (answer: Register) => Steps;

/** An adaptive solve as a program's steps: what follows it is asked for once its answer is there. */
export function* adaptiveSteps(
  problem: FlowProblem,
  registers: FlowRegisters,
  first: readonly Instruction[],
  after: AfterFlow,
): Steps {
  const outcome = yield* adaptiveFlow(problem, registers, first);
  if ("failure" in outcome) return outcome;
  return yield* after(outcome.answer);
}
