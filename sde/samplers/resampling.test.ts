import test from "ava";
import { pc } from "../conditions/testing.ts";
import { interpret, type Score } from "../interpret.ts";
import { forwardTransition } from "../processes/transition.ts";
import type { Program } from "../program.ts";
import { denoisedMoments, exactMoments, gaussianScore, PROCESSES } from "../testing.ts";

const process = PROCESSES.ve;
const score = gaussianScore(process);

const sample = (program: Program, by: Score = score): number[] =>
  Array.from(interpret(program, by, { dims: 6, seed: 1n, sample: 0 }));

test("resampling asks as often as was said and goes over each stretch again, at the same times", (t) => {
  const times: number[] = [];
  const watching: Score = (x, time) => {
    times.push(time);
    return score(x, time);
  };
  const grid = (program: Program, steps = 6): number[] => {
    times.length = 0;
    sample(program, watching);
    t.is(program.evaluations, times.length);
    return times.map((time) => Math.round((steps - 1) * (1 - time)));
  };
  const resampling = { jumpLength: 2, jumps: 1 };
  // Times 0 to 5 of six steps; the step from the last is in no stretch, and the second stretch has steps 2 and 3, the
  // third only 4.
  t.deepEqual(grid(pc(process, { resampling })), [0, 1, 0, 1, 2, 3, 2, 3, 4, 4, 5]);
  t.deepEqual(
    grid(pc(process, { resampling: { jumpLength: 9, jumps: 2 } })),
    [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5],
  );
  // In the paper's order the corrector comes after, at the next time.
  t.deepEqual(
    grid(pc(process, { resampling, corrector: "langevin", steps: 4 }), 4),
    [0, 1, 1, 2, 0, 1, 1, 2, 2, 3, 2, 3, 3],
  );
  t.deepEqual(
    sample(pc(process, { resampling: { jumpLength: 2, jumps: 0 } })),
    sample(pc(process)),
  );
});

test("a resampling that can't be is refused before anything runs", (t) => {
  const resampled = (jumpLength: number, jumps: number): (() => Program) => {
    return () => pc(process, { resampling: { jumpLength, jumps } });
  };
  t.throws(resampled(0, 1), { instanceOf: RangeError, message: /jumpLength .* seen 0/ });
  t.throws(resampled(1, -1), { instanceOf: RangeError, message: /jumps .* seen -1/ });
  t.throws(resampled(1.5, 1), { instanceOf: RangeError, message: /jumpLength .* seen 1.5/ });
});

for (const [name, one] of Object.entries(PROCESSES)) {
  test(`${name}: the forward process in two goes is the forward process, and from the data its marginal`, (t) => {
    const shares = [1e-9, 0.1, 0.37, 0.8, 1];
    for (const [i, share] of shares.entries()) {
      const time = share * one.endTime;
      const whole = one.marginal(time);
      for (const earlier of shares.slice(0, i)) {
        const start = one.marginal(earlier * one.endTime);
        const step = forwardTransition(one, earlier * one.endTime, time);
        t.true(Math.abs(step.mean * start.mean - whole.mean) < 1e-12);
        const variance = (step.mean * start.std) ** 2 + step.std ** 2;
        t.true(Math.abs(variance / whole.std ** 2 - 1) < 1e-9);
      }
      t.deepEqual(forwardTransition(one, time, time), { mean: 1, std: 0 });
    }
  });

  test(`${name}: short stretches of the forward process leave mean and variance of the data`, (t) => {
    const eps = one.samplingEps;
    const truth = denoisedMoments(one, eps);
    const off = (steps: number): { mean: number; variance: number } => {
      // On an even grid in t, of EDM's process too.
      const program = pc(one, { steps, resampling: { jumpLength: steps / 10, jumps: 2 } });
      const seen = exactMoments(program, gaussianScore(one), 3 * steps + 2 * 10);
      return {
        mean: Math.abs(seen.mean - truth.mean),
        variance: Math.abs(seen.variance - truth.variance),
      };
    };
    const [coarse, fine] = [off(80), off(160)];
    // Of first order in the steps, as the predictor is; what is left is the prior's distance from p_T.
    t.true(fine.mean < 0.6 * coarse.mean + 0.008, `${coarse.mean} and ${fine.mean}`);
    t.true(fine.variance < 0.6 * coarse.variance + 0.005, `${coarse.variance}, ${fine.variance}`);
    t.true(fine.mean < 0.03 && fine.variance < 0.03);
  });
}
