import test from "ava";
import fc from "fast-check";
import { predictFinishSlowly } from "../testing/predict-finish-slowly.ts";
import { predictFinishMs, type RowGroup } from "./predict-finish.ts";

const LANES = new Map([
  ["small", { limit: 8, stepMs: (places: number) => 1 + places }],
  ["large", { limit: 4, stepMs: (places: number) => 10 + places / 10 }],
]);

const WEIGHTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 0.5 };

const group: fc.Arbitrary<RowGroup> = fc.record({
  lane: fc.constantFrom("small", "large", "closed"),
  tenant: fc.constantFrom("a", "b", "c", "d"),
  priority: fc.constantFrom("interactive" as const, "batch" as const),
  rows: fc.nat(20),
  places: fc.integer({ min: 1, max: 3 }),
  evaluations: fc.oneof(
    fc.integer({ min: 0, max: 60 }),
    fc.double({ min: 0.5, max: 500, noNaN: true }),
  ),
  deadlineMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
  alone: fc.boolean(),
  waiting: fc.boolean(),
});

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

test("the prediction is that of the plain way", (t) => {
  fc.assert(
    fc.property(
      fc.array(group, { maxLength: 40 }),
      group,
      fc.integer({ min: 1, max: 200 }),
      (backlog, job, maxActiveRows) => {
        const weightOf = (tenant: string): number => WEIGHTS[tenant] ?? 1;
        const context = { nowMs: 5, lanes: LANES, maxActiveRows, weightOf };
        const seen = predictFinishMs(backlog, job, context);
        const expected = predictFinishSlowly(backlog, job, context);
        t.true(near(seen.startMs, expected.startMs), `${seen.startMs} ${expected.startMs}`);
        t.true(near(seen.finishMs, expected.finishMs), `${seen.finishMs} ${expected.finishMs}`);
        t.true(near(seen.promiseMs, expected.promiseMs));
        t.is(seen.missed, expected.missed);
      },
    ),
    { numRuns: 1000 },
  );
});
