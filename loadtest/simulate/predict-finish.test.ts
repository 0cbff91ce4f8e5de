import test from "ava";
import fc from "fast-check";
import {
  ERROR_SHARE,
  ERROR_STEPS,
  predictFinishMs,
  type RowGroup,
} from "../../server/engine/predict-finish.ts";
import { batchPlaces } from "../../server/engine/waiting-rows.ts";
import { CPU, type DeviceModel, GPU } from "./device-model.ts";
import { simulate } from "./simulate.ts";

const LANE = "model";
const WEIGHTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 1 };

function simulated(device: DeviceModel, groups: readonly RowGroup[], maxActiveRows: number) {
  const scenario = { devices: [device], sources: [], endMs: 0, weights: WEIGHTS, maxActiveRows };
  const jobs = groups.map(({ tenant, priority, rows, evaluations, deadlineMs }) => ({
    ...{ atMs: 0, tenant, priority, model: "model", rows, evaluations },
    deadlineMs,
  }));
  return simulate(scenario, 1, jobs).jobs.map(({ endMs = 0 }) => endMs);
}

function group(tenant: string, rows: number, evaluations: number): RowGroup {
  return { lane: LANE, tenant, priority: "interactive", rows, places: 1, evaluations };
}

/** Groups that have come one after another: which rows of each have registers. */
function arrived(groups: readonly RowGroup[], maxActiveRows: number): RowGroup[] {
  let free = maxActiveRows;
  let freeOfBatch = batchPlaces(maxActiveRows);
  return groups.flatMap((one) => {
    const most = one.priority === "batch" ? Math.min(free, freeOfBatch) : free;
    const rows = Math.min(one.rows, most);
    free -= rows;
    if (one.priority === "batch") freeOfBatch -= rows;
    return [
      { ...one, rows },
      { ...one, rows: one.rows - rows, waiting: true },
    ];
  });
}

const any = fc.record({
  lane: fc.constant(LANE),
  tenant: fc.constantFrom("a", "b", "c"),
  priority: fc.constantFrom("interactive" as const, "batch" as const),
  rows: fc.integer({ min: 1, max: 100 }),
  places: fc.constant(1),
  evaluations: fc.integer({ min: 1, max: 150 }),
});

for (const [name, device] of [
  ["CPU", CPU],
  ["GPU", GPU],
] as const) {
  const lanes = new Map([[LANE, device]]);
  const stepMs = device.stepMs(device.limit);

  test(`${name}: a job alone takes its evaluations, one after another`, (t) => {
    const job = group("a", 1, 50);
    const { finishMs } = predictFinishMs([], job, { nowMs: 7, lanes, maxActiveRows: 100 });
    t.true(Math.abs(finishMs - 7 - 50 * device.stepMs(1)) < 1e-6);
  });

  const errorShare = (backlog: readonly RowGroup[], job: RowGroup, maxActiveRows: number) => {
    const weightOf = (tenant: string): number => WEIGHTS[tenant] ?? 1;
    const context = { nowMs: 0, lanes, maxActiveRows, weightOf };
    const { finishMs } = predictFinishMs(arrived(backlog, maxActiveRows), job, context);
    const seenMs = simulated(device, [...backlog, job], maxActiveRows).at(-1) ?? 0;
    const errorMs = Math.abs(finishMs - seenMs) - ERROR_STEPS * stepMs;
    return errorMs / Math.max(seenMs, finishMs);
  };

  test(`${name}: a job ends when the simulated scheduler ends it, to the stated error`, (t) => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), any, (backlog, job) => {
        const interactive = { ...job, priority: "interactive" } as const;
        const share = errorShare(backlog, interactive, 1e6);
        if (share > ERROR_SHARE) throw new Error(`off by ${share}`);
      }),
      { numRuns: 60, seed: 2 },
    );
    t.pass();
  });

  test(`${name}: nine in ten do so where registers are short and classes compete`, (t) => {
    const samples = fc.sample(fc.tuple(fc.array(any, { maxLength: 8 }), any), {
      numRuns: 200,
      seed: 1,
    });
    const right = samples.filter(([backlog, job]) => errorShare(backlog, job, 60) <= ERROR_SHARE);
    t.true(right.length >= 0.9 * samples.length, `${right.length} of ${samples.length}`);
  });

  test(`${name}: what a deadline brings a job, and what it costs those that have one`, (t) => {
    const context = { nowMs: 0, lanes, maxActiveRows: 1e6 };
    const crowd = group("b", 20 * device.limit, 100);
    const other = { ...group("c", device.limit, 100), deadlineMs: 300 * stepMs };
    const job = group("a", device.limit, 100);
    const plain = predictFinishMs([crowd, other], job, context);
    const early = predictFinishMs([crowd, other], { ...job, deadlineMs: 290 * stepMs }, context);
    const late = predictFinishMs([crowd, other], { ...job, deadlineMs: 310 * stepMs }, context);
    t.true(early.finishMs < late.finishMs && late.finishMs < plain.finishMs);
    t.true(early.promiseMs > early.finishMs);
    t.is(plain.missed, 0);
    const tight = { ...other, deadlineMs: 260 * stepMs };
    t.is(predictFinishMs([crowd, tight], job, context).missed, 0);
    const first = { ...job, deadlineMs: 250 * stepMs };
    t.is(predictFinishMs([crowd, tight], first, context).missed, device.limit);
  });

  test(`${name}: a job that finds no registers waits for them`, (t) => {
    const context = { nowMs: 0, lanes, maxActiveRows: device.limit };
    const holder = group("b", device.limit, 100);
    const { startMs } = predictFinishMs([holder], group("a", 1, 1), context);
    t.true(Math.abs(startMs - 100 * stepMs) < 1e-6, `${startMs}`);
  });
}
