import test from "ava";
import fc from "fast-check";
import { CPU, GPU } from "./device-model.ts";
import { type Scenario, simulate } from "./simulate.ts";

const source = fc.record({
  tenant: fc.constantFrom("a", "b", "c"),
  priority: fc.constantFrom("interactive" as const, "batch" as const),
  model: fc.constantFrom("m", "n"),
  perSecond: fc.integer({ min: 1, max: 30 }),
  burst: fc.integer({ min: 1, max: 5 }),
  rows: fc.constant([1, 9] as const),
  evaluations: fc.constant([1, 12] as const),
  deadlineMs: fc.constantFrom([10, 900] as const, [1e6, 1e6] as const),
});

test("every job ends, every evaluation is done once, and the seed decides everything", (t) => {
  fc.assert(
    fc.property(
      fc.array(source, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (sources, devices, maxActiveRows, seed) => {
        const disturbed = { jitter: 0.5, failures: 0.1 };
        const scenario: Scenario = {
          devices: [{ ...CPU, ...disturbed }, GPU, { ...GPU, ...disturbed }].slice(0, devices),
          sources,
          endMs: 1500,
          maxActiveRows,
        };
        const { jobs, endedMs, decisions, busyMs } = simulate(scenario, seed);
        for (const { members, unfinished, endMs, firstStepMs, atMs } of jobs) {
          t.is(unfinished, 0);
          t.true(members.every(({ left }) => left === 0));
          t.true(atMs < (firstStepMs ?? 0) && (firstStepMs ?? 0) <= (endMs ?? 0));
        }
        const again = simulate(scenario, seed);
        t.deepEqual([again.endedMs, again.decisions, again.busyMs], [endedMs, decisions, busyMs]);
      },
    ),
    { numRuns: 30 },
  );
});

test("nothing waits while a device is free", (t) => {
  const scenario: Scenario = {
    devices: [CPU],
    sources: [{ tenant: "a", perSecond: 1000, rows: [3, 3], evaluations: [5, 5], untilMs: 20 }],
    endMs: 100,
  };
  const { jobs, busyMs, endedMs } = simulate(scenario, 5);
  const [first] = jobs;
  t.true(Math.abs((busyMs[0] ?? 0) - (endedMs - (first?.atMs ?? 0))) < 1e-6);
});
