import test from "ava";
import fc from "fast-check";
import { CPU, GPU } from "./device-model.ts";
import type { Scenario } from "./scenario.ts";
import { observe, simulate } from "./simulate.ts";
import type { SimulatedJob, SimulatedRow } from "./simulated-device.ts";
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
  cancels: fc.constantFrom(
    { share: 0, afterMs: [0, 0] as const },
    { share: 0.5, afterMs: [0, 400] as const },
  ),
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
        const whole = jobs.filter(({ cancelledMs }) => cancelledMs === undefined);
        const stepped = jobs.flatMap(({ members, evaluations }) =>
          members.map(({ left }) => evaluations - left),
        );
        // A row that a device has when its job is cancelled runs to the end of that step.
        const least = stepped.reduce((sum, steps) => sum + steps, 0);
        const cut = jobs.filter(({ cancelledMs }) => cancelledMs !== undefined);
        const most = least + cut.reduce((sum, { rows }) => sum + rows, 0);
        t.true(done >= least && done <= most, `${least} <= ${done} <= ${most}`);
        for (const { unfinished, endMs } of cut) t.deepEqual([unfinished, endMs], [0, undefined]);
        for (const { members, unfinished, endMs, firstStepMs, atMs } of whole) {
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

test("a cancelled job has no step after the one that it is in, and what it held is free by then", (t) => {
  const scenario: Scenario = {
    devices: [GPU, GPU],
    sources: [
      {
        ...{ tenant: "a", perSecond: 60, rows: [1, 64], evaluations: [20, 60] },
        cancels: { share: 0.5, afterMs: [0, 400] },
      },
    ],
    endMs: 3000,
    maxActiveRows: 100,
    faults: { meanUpMs: 1000, meanDownMs: 100 },
  };
  const late = new Map<SimulatedRow, number>();
  const held = new Map<SimulatedJob, number>();
  let freed = 0;
  const cancelled = new Set<SimulatedJob>();
  observe(scenario, 3, undefined, {
    cancelled: (job) => cancelled.add(job),
    freed: (job, nowMs) => {
      freed++;
      held.set(job, nowMs - (job.cancelledMs ?? 0));
      t.true(job.members.every(({ active }) => !active));
    },
    batch: ({ choice }) => {
      for (const row of choice.rows) {
        if (row.job.cancelledMs !== undefined) late.set(row, (late.get(row) ?? 0) + 1);
      }
    },
  });
  t.true(cancelled.size > 20);
  t.is(freed, cancelled.size);
  t.true(late.size > 0 && [...late.values()].every((steps) => steps === 1));
  // A batch runs and one waits behind it.
  const longestMs = 2 * GPU.stepMs(GPU.limit);
  for (const ms of held.values()) t.true(ms <= longestMs, `${ms} ms`);
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
