import { type Promised, promises } from "./admission.ts";
import type { JobSpec } from "./job-spec.ts";

/** A way to do a job, and what is expected of it. */
export interface Fitted<Expected> {
  readonly spec: JobSpec;
  readonly expected: Expected;
}

/**
 * A job as it can be done by its deadline: as it is, if so; else by the first of its cheaper ways that can, with as many
 * steps as it can. Where none can, the one that would be done first, for the caller to be told when. More evaluations of
 * the same rows are expected to take longer, so that steps can be searched by halving: about 10 calls of `expect`. What
 * comes back has no other ways.
 *
 * @param expect pure: the same spec gives the same expectation
 */
export function fitToDeadline<Expected extends Promised>(
  spec: JobSpec,
  expect: (spec: JobSpec) => Expected,
): Fitted<Expected> {
  const expected = (way: JobSpec): Fitted<Expected> => ({ spec: way, expected: expect(way) });
  // Its other ways hold what they are made of, pictures too, and a job is remembered long after its rows let go of theirs.
  const { cheaper = [], ...asked } = spec;
  let soonest = expected(asked);
  if (promises(spec, soonest.expected)) return soonest;
  for (const way of cheaper) {
    let best = expected(way.spec(way.leastSteps));
    if (promises(spec, best.expected)) {
      let low = way.leastSteps;
      let high = way.mostSteps;
      while (low < high) {
        const steps = Math.ceil((low + high) / 2);
        const more = expected(way.spec(steps));
        if (promises(spec, more.expected)) {
          best = more;
          low = steps;
        } else high = steps - 1;
      }
      return best;
    }
    if (best.expected.promiseMs < soonest.expected.promiseMs) soonest = best;
  }
  return soonest;
}
