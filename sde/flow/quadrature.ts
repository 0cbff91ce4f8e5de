import type { Scalars } from "../program.ts";
import type { Move, Moves } from "../samplers/moves.ts";

/** What an evaluation of the slope gives besides the vector. */
export interface SlopeOutcome {
  /** Of the scalar that is integrated beside the state, at the state and time of the evaluation. */
  readonly slope: number;
  /** The scalars of the step's own update. */
  readonly scalars: Scalars;
}

/**
 * A scalar q integrated beside the state x of the flow, dq/dt = r(x, t): its slope comes from the evaluations that the
 * flow asks for, and depends on no q. It is kept as a number, in float64, while x stays in its registers.
 */
export interface Quadrature {
  /** The share of q in the mean square that the error is: 1 / (D + 1), so that (x, q) is one vector of D + 1 elements. */
  readonly share: number;
  /** Network evaluations for each that the flow asks for. */
  readonly cost: number;
  /** Runs a step of the flow, in as many as it takes. Its prepare must return no scalars. */
  run<S extends Move>(step: S): Generator<S, SlopeOutcome, Scalars>;
}

/** The flow alone. */
export const NO_QUADRATURE: Quadrature = {
  share: 0,
  cost: 1,
  *run(step) {
    return { slope: 0, scalars: yield step };
  },
};

/**
 * The root mean square over (x, q) of what is scaled element by element.
 *
 * @param vector that of x alone
 * @param scalar the scaled element of q
 */
export function joinNorms({ share }: Quadrature, vector: number, scalar: number): number {
  return share === 0 ? vector : Math.sqrt((1 - share) * vector ** 2 + share * scalar ** 2);
}

/** Runs the moves of one step of a solver; returns the mean of their slopes. */
export function* meanSlope(quadrature: Quadrature, moves: Moves): Generator<Move, number, Scalars> {
  let sum = 0;
  let count = 0;
  let next = moves.next([]);
  while (!next.done) {
    const { slope, scalars } = yield* quadrature.run(next.value);
    sum += slope;
    count++;
    next = moves.next(scalars);
  }
  return sum / count;
}
