import test from "ava";
import fc from "fast-check";
import { CPU, GPU } from "./device-model.ts";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import { arrivals, type JobSource } from "./workload.ts";

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

test("every job ends, every evaluation is done once whatever fails, and the seed decides everything", (t) => {
  fc.assert(
    fc.property(
      fc.array(source, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, { meanUpMs: 200, meanDownMs: 50 }),
      fc.nat(),
      (sources, devices, maxActiveRows, faults, seed) => {
        const disturbed = { jitter: 0.5, failures: 0.1 };
        const scenario: Scenario = {
          devices: [
            { ...CPU, ...disturbed },
            { ...GPU, models: ["m"] },
            { ...GPU, ...disturbed },
          ].slice(0, devices),
          sources,
          endMs: 1500,
          maxActiveRows,
          ...(faults && { faults }),
        };
        const { jobs, batches, endedMs, decisions, busyMs } = simulate(scenario, seed);
        const done = batches.reduce((sum, { places, fails }) => sum + (fails ? 0 : places), 0);
        const asked = jobs.reduce((sum, { rows, evaluations }) => sum + rows * evaluations, 0);
        t.is(done, asked);
        for (const { members, unfinished, endMs, firstStepMs, atMs } of jobs) {
          t.is(unfinished, 0);
          t.true(members.every(({ left }) => left === 0));
          t.true(atMs < (firstStepMs ?? 0) && (firstStepMs ?? 0) <= (endMs ?? 0));
        }
        const again = simulate(scenario, seed);
        t.deepEqual([again.endedMs, again.decisions, again.busyMs], [endedMs, decisions, busyMs]);
      },
    ),
    { numRuns: 20 },
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

test("the rows of a device that is lost go on elsewhere, from where they were", (t) => {
  const job: JobSource = {
    tenant: "a",
    perSecond: 1000,
    burst: 64,
    untilMs: 60,
    rows: [1, 1],
    evaluations: [100, 100],
  };
  const scenario: Scenario = { devices: [GPU, GPU, GPU, GPU], sources: [job], endMs: 60 };
  const faulty = { ...scenario, faults: { meanUpMs: 3000, meanDownMs: 500 } };
  let moved = 0;
  for (const seed of [1, 2, 3]) {
    const { jobs, batches, movedRows, left } = simulate(faulty, seed);
    moved += movedRows;
    t.is(left.size, 0);
    t.is(
      batches.reduce((sum, { places }) => sum + places, 0),
      100 * jobs.length,
    );
  }
  t.true(moved > 0);
});

test("what one source sends does not depend on the others", (t) => {
  const [a, b] = ["a", "b"].map((tenant) => ({
    ...{ tenant, perSecond: 100, burst: 3 },
    ...{ rows: [1, 9] as const, evaluations: [1, 9] as const, deadlineMs: [1, 99] as const },
  })) as [JobSource, JobSource];
  const alone = [...arrivals([a], 1000, 7)];
  const both = [...arrivals([a, b], 1000, 7)];
  t.deepEqual(
    both.filter(({ tenant }) => tenant === "a"),
    alone,
  );
  t.true(both.every(({ atMs }, i) => atMs >= (both[i - 1]?.atMs ?? 0)));
  t.true(alone.length > 50 && both.length > 1.5 * alone.length);
});
