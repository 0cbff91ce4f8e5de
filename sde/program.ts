import type { Instruction, LinearCombination, Register } from "./instruction.ts";

/** Which graph of the model a step evaluates; rows of one graph share a batch. */
export type Graph = Evaluation["graph"];

/** output = score(input, time). */
export interface ScoreEvaluation {
  readonly graph: "score";
  readonly input: Register;
  /** Diffusion time t in (0, T]. */
  readonly time: number;
  readonly output: Register;
}

/** The score and its derivative in a direction, by one evaluation: tangentOutput = J tangent, J = d score / dx. */
export interface TangentEvaluation extends Omit<ScoreEvaluation, "graph"> {
  readonly graph: "jvp";
  readonly tangent: Register;
  readonly tangentOutput: Register;
}

/** One network evaluation. */
export type Evaluation = ScoreEvaluation | TangentEvaluation;

/**
 * What a trajectory asks for next: at most one network evaluation with the vector operations before
 * and after it. A plain record: it can be sent to any worker, and sent again.
 */
export interface Step {
  readonly prepare: readonly Instruction[];
  readonly evaluate?: Evaluation;
  /**
   * Tweedie's estimate E[x_0 | x_t] from this step's evaluation, wanted only where a preview is.
   * It runs right after the evaluation and writes the program's `preview` register.
   */
  readonly estimate?: LinearCombination;
  readonly update: readonly Instruction[];
  /** Share of the program that is done when this step is, in [0, 1]. */
  readonly fraction: number;
}

/** The scalars that a step's instructions returned, in the order prepare, update. */
export type Scalars = readonly number[];

/** Why a program could not come to its end, as a sentence for its user. */
export interface SolverFailure {
  readonly failure: string;
}

/** The numbers that a program answers with, where a vector is not all of its answer. */
export interface ProgramValues {
  readonly values: Readonly<Record<string, number>>;
}

/** A program's control flow: at its end it returns its numbers, if it has any, or the failure that ended it. */
export type Steps = Generator<Step, SolverFailure | ProgramValues | undefined, Scalars>;

/**
 * A sampler or solver for ONE trajectory, with no batch in sight.
 *
 * `steps()` is a generator of control flow only: no pixels pass through it, so replaying it with the
 * scalars returned so far takes it back to any point. It must be deterministic.
 */
export interface Program {
  /** Names of the registers that last. */
  readonly registers: readonly string[];
  /** The register that `estimate` writes: the last of `registers`, so that it can be left out. */
  readonly preview: Register;
  /** The number of scratch registers behind them. */
  readonly scratch: number;
  /** The registers that are filled before the first step, in the order in which the vectors are given. */
  readonly inputs: readonly Register[];
  /** Holds the answer when the program has ended. */
  readonly result: Register;
  /** Network evaluations that it will ask for; undefined where this is not known ahead. */
  readonly evaluations: number | undefined;
  steps(): Steps;
}
