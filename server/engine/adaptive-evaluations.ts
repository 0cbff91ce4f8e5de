import type { JobSpec } from "./job-spec.ts";
import { Recent } from "./recent.ts";

/** What an adaptive row takes as long as none of its kind has ended. */
export const UNKNOWN_EVALUATIONS = 100;

/** Rows of one kind that are remembered. */
const WINDOW = 64;

/** Expected is what so many of them did with: a job ends with its last row. */
const SHARE = 0.9;

/** Kinds of rows that are remembered in a lane; the one that has gone unseen for longest is forgotten first. */
export const MOST_KINDS = 64;

/** A row that has taken what was expected is expected to need this share of it again, and at least one attempted step. */
const MORE_SHARE = 0.1;
const ATTEMPT = 6;

/**
 * What decides, in a lane, how many evaluations an adaptive solver takes: the call, which stands for the direction and the
 * tolerance's share, and the solver's own settings. Tolerances count by decades, since a caller may ask for any: within one,
 * evaluations of a method of order 5 differ by 10^(1/5) = 1.6 at most. Undefined where the rows know theirs ahead.
 */
export function kindOf({ rows, task = "", used }: JobSpec): string | undefined {
  if (rows[0]?.program.evaluations !== undefined) return undefined;
  const method = used.sampler?.method;
  const solver = method?.$case === "probabilityFlow" ? method.value : undefined;
  const decades = [solver?.relativeTolerance, solver?.absoluteTolerance].map(decade);
  return [task, solver?.solver, solver?.stepControl, ...decades, used.likelihood?.probe].join("/");
}

function decade(tolerance = 0): number | undefined {
  return tolerance > 0 ? Math.round(Math.log10(tolerance)) : undefined;
}

/**
 * How many evaluations the adaptive rows of one lane take, learned from those that have ended: nine in ten of the last 64
 * of the kind took no more. So a tenth of them may be anything. Pure: the same observations give the same answers;
 * memory is bounded, MOST_KINDS times WINDOW numbers.
 */
export class AdaptiveEvaluations {
  /** By kind, the one seen last at the end. */
  readonly #kinds = new Map<string, Recent>();

  /** A row has come to its end; one that failed before says nothing. */
  observe(kind: string, evaluations: number): void {
    if (!(evaluations >= 1 && Number.isFinite(evaluations))) return;
    const recent = this.#kinds.get(kind) ?? new Recent(WINDOW);
    recent.add(evaluations);
    this.#kinds.delete(kind);
    this.#kinds.set(kind, recent);
    if (this.#kinds.size <= MOST_KINDS) return;
    for (const oldest of this.#kinds.keys()) {
      this.#kinds.delete(oldest);
      return;
    }
  }

  /** Evaluations that a row of the kind still needs, expected, when it has done so many; at least 1. */
  left(kind: string, done: number): number {
    const expected = this.#kinds.get(kind)?.quantile(SHARE);
    // Of what nothing is known, as much again as was seen is as good a guess as any.
    if (expected === undefined) return Math.max(UNKNOWN_EVALUATIONS, done);
    return Math.max(expected - done, MORE_SHARE * done, done > 0 ? ATTEMPT : 1);
  }
}
