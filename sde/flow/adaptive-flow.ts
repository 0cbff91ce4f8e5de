import type { Instruction, Register, Term } from "../instruction.ts";
import type { ForwardProcess } from "../processes/forward-process.ts";
import { tweedie } from "../processes/tweedie.ts";
import type { Scalars, SolverFailure, Step, Steps } from "../program.ts";
import { flowSlope } from "./flow-slope.ts";
import { joinNorms, NO_QUADRATURE, type Quadrature } from "./quadrature.ts";
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
  /** A scalar that is integrated with the state, from 0; default none. */
  readonly quadrature?: Quadrature;
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

const { a, b, c, error: errorWeights, order } = DORMAND_PRINCE;
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

/** sum_j weights_j k_j of the scalar's slopes. */
function weigh(weights: readonly number[], slopes: readonly number[]): number {
  return slopes.reduce((sum, slope, j) => sum + (weights[j] ?? 0) * slope, 0);
}

/** What the solve returns: where the answer is and the scalar's integral, or why there is none. */
export type FlowOutcome = { readonly answer: Register; readonly integral: number } | SolverFailure;

/** Where a solve is. What is a register here is a register's name: names are exchanged, no pixels move. */
interface State {
  t: number;
  x: Register;
  proposal: Register;
  readonly stages: Register[];
  /** The scalar, and its slopes beside `stages`. */
  integral: number;
  readonly slopes: number[];
  evaluations: number;
}

/** Evaluates stage i at a register and time; gives the scalars of the update. */
type EvaluateStage = (
  i: number,
  at: Register,
  time: number,
  rest: Partial<Pick<Step, "prepare" | "update">>,
) => Generator<Step, Scalars, Scalars>;

/**
 * Solves the probability flow by Dormand-Prince 5(4), with the step size and the error norm of this trajectory alone:
 * 2 evaluations to choose the first step, then 6 an attempted step, each as many times as the quadrature takes.
 *
 * The state and the first slope change places with the proposal and the last slope when a step is accepted, in name
 * only: no pixels move.
 *
 * @param first what is done before the first evaluation; returns no scalars
 * @see Hairer, Norsett and Wanner 1993, sections II.4 and II.5.
 */
export function* adaptiveFlow(
  problem: FlowProblem,
  registers: FlowRegisters,
  first: readonly Instruction[],
): Generator<Step, FlowOutcome, Scalars> {
  const { from, to, maxEvaluations, quadrature = NO_QUADRATURE } = problem;
  const { difference } = registers;
  const { cost } = quadrature;
  const least = (2 + LAST) * cost;
  if (least > maxEvaluations) {
    return {
      failure: `the ODE solver takes at least ${least} evaluations, and ${maxEvaluations} are allowed`,
    };
  }
  const state: State = {
    ...{ t: from, x: registers.x, proposal: registers.proposal, stages: [...registers.stages] },
    ...{ integral: 0, slopes: registers.stages.map(() => 0), evaluations: 0 },
  };
  const evaluate = stageEvaluation(problem, registers, state);
  let size = yield* firstStep(problem, registers, state, evaluate, first);
  const control = stepSize({ order, controller: problem.controller });
  const sign = Math.sign(to - from);

  while (state.t !== to) {
    const { t, x, proposal, stages, slopes } = state;
    if (state.evaluations + LAST * cost > maxEvaluations) {
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
      scalars = yield* evaluate(i, proposal, last ? end : t + (c[i] ?? 0) * h, {
        prepare: [combine(proposal, x, h, a[i] ?? [], stages)],
        update: last
          ? [errorOf(difference, h, stages), norm(problem, difference, x, proposal)]
          : [],
      });
    }
    const integral = state.integral + h * weigh(b, slopes);
    const error = joinNorms(
      quadrature,
      scalars[0] ?? Number.NaN,
      scaled(problem, h * weigh(errorWeights, slopes), state.integral, integral),
    );
    const { accepted, factor } = control.next(error);
    if (accepted) {
      [state.t, state.integral] = [end, integral];
      [state.x, state.proposal] = [proposal, x];
      exchange(stages);
      exchange(slopes);
    }
    size = Math.abs(h) * factor;
  }
  return { answer: state.x, integral: state.integral };
}

function stageEvaluation(
  { process, from, to, quadrature = NO_QUADRATURE }: FlowProblem,
  { score, preview }: FlowRegisters,
  state: State,
): EvaluateStage {
  return function* (i, at, time, { prepare = [], update = [] }) {
    const out = state.stages[i] ?? Number.NaN;
    state.evaluations += quadrature.cost;
    const { scalars, slope } = yield* quadrature.run<Step>({
      prepare,
      evaluate: { graph: "score", input: at, time, output: score },
      estimate: tweedie(process, time, { out: preview, x: at, score }),
      update: [flowSlope(process, time, { out, x: at, score }), ...update],
      fraction: (state.t - from) / (to - from),
    });
    state.slopes[i] = slope;
    return scalars;
  };
}

/** Hairer's first step: from the sizes of state and slope, then from how the slope changes. */
function* firstStep(
  problem: FlowProblem,
  { difference }: FlowRegisters,
  { t, x, proposal, stages, slopes }: State,
  evaluate: EvaluateStage,
  first: readonly Instruction[],
): Generator<Step, number, Scalars> {
  const { from, to, quadrature = NO_QUADRATURE } = problem;
  const sign = Math.sign(to - from);
  const [start, next] = [stages[0] ?? Number.NaN, stages[1] ?? Number.NaN];
  // The scalar is 0 here, so that it is scaled by the absolute tolerance alone.
  const join = (vector: number | undefined, scalar: number): number =>
    joinNorms(quadrature, vector ?? Number.NaN, scaled(problem, scalar, 0, 0));

  const norms = yield* evaluate(0, x, t, {
    prepare: first,
    update: [norm(problem, x, x, x), norm(problem, start, x, x)],
  });
  const stateNorm = join(norms[0], 0);
  const slopeNorm = join(norms[1], slopes[0] ?? Number.NaN);
  const guess = stateNorm < 1e-5 || slopeNorm < 1e-5 ? 1e-6 : (0.01 * stateNorm) / slopeNorm;
  const trial = Math.min(guess, Math.abs(to - from));
  const change: readonly Term[] = [
    [1 / trial, next],
    [-1 / trial, start],
  ];
  const changes = yield* evaluate(1, proposal, t + sign * trial, {
    prepare: [combine(proposal, x, sign * trial, [1], stages)],
    update: [{ op: "lincomb", out: difference, terms: change }, norm(problem, difference, x, x)],
  });
  const changeNorm = join(changes[0], weigh([-1 / trial, 1 / trial], slopes));
  const steepest = Math.max(slopeNorm, changeNorm);
  const second =
    steepest <= 1e-15 ? Math.max(1e-6, trial * 1e-3) : (0.01 / steepest) ** (1 / order);
  return Math.min(100 * trial, second);
}

type Tolerances = Pick<FlowProblem, "relativeTolerance" | "absoluteTolerance">;

function norm(tolerances: Tolerances, v: Register, x: Register, y: Register): Instruction {
  const { relativeTolerance: relative, absoluteTolerance: absolute } = tolerances;
  return { op: "scaled-norm", v, x, y, relative, absolute };
}

/** The scalar's element of the vector whose root mean square `norm` is. */
function scaled(tolerances: Tolerances, v: number, x: number, y: number): number {
  const { relativeTolerance: relative, absoluteTolerance: absolute } = tolerances;
  return v / (absolute + relative * Math.max(Math.abs(x), Math.abs(y)));
}

/** First same as last. */
function exchange(stages: number[]): void {
  [stages[0], stages[LAST]] = [stages[LAST] ?? Number.NaN, stages[0] ?? Number.NaN];
}

/** out = h sum_i error_i k_i */
function errorOf(out: Register, h: number, stages: readonly Register[]): Instruction {
  const terms = stages.map((stage, i): Term => [h * (errorWeights[i] ?? 0), stage]);
  return { op: "lincomb", out, terms };
}

/** The steps of a whole program from an adaptive solve and what follows it. */
export type AfterFlow = (answer: Register, integral: number) => Steps;

/** An adaptive solve as a program's steps: what follows it is asked for once its answer is there. */
export function* adaptiveSteps(
  problem: FlowProblem,
  registers: FlowRegisters,
  first: readonly Instruction[],
  after: AfterFlow,
): Steps {
  const outcome = yield* adaptiveFlow(problem, registers, first);
  if ("failure" in outcome) return outcome;
  return yield* after(outcome.answer, outcome.integral);
}
