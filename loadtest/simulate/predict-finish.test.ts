import test from "ava";
import fc from "fast-check";
import {
  ERROR_SHARE,
  ERROR_STEPS,
  predictFinishMs,
  type RowGroup,
} from "../../server/engine/predict-finish.ts";
import { CPU, type DeviceModel, GPU } from "./device-model.ts";
import { Random } from "./random.ts";
import { Simulation } from "./simulate.ts";

const LANE = "0/model";
const WEIGHTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 1 };

function simulated(device: DeviceModel, groups: readonly RowGroup[], maxActiveRows: number) {
  const scenario = { devices: [device], sources: [], endMs: 0, weights: WEIGHTS, maxActiveRows };
  const jobs = groups.map(({ tenant, priority, rows, evaluations, deadlineMs }) => ({
    ...{ atMs: 0, tenant, priority, model: "model", rows, evaluations },
    deadlineMs,
  }));
  return new Simulation(scenario, new Random(1)).run(jobs).jobs.map(({ endMs = 0 }) => endMs);
}

function group(tenant: string, rows: number, evaluations: number): RowGroup {
  return { lane: LANE, tenant, priority: "interactive", rows, places: 1, evaluations };
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

  test(`${name}: a job ends when the simulated scheduler ends it, to the stated error`, (t) => {
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 8 }),
        any,
        fc.constantFrom(60, 1e6),
        (backlog, job, maxActiveRows) => {
          const context = { nowMs: 0, lanes, maxActiveRows };
          const waiting = backlog.map((one) => ({ ...one, waiting: true }));
          const { finishMs } = predictFinishMs(waiting, job, {
            ...context,
            weightOf: (tenant) => WEIGHTS[tenant] ?? 1,
          });
          const seenMs = simulated(device, [...backlog, job], maxActiveRows).at(-1) ?? 0;
          const mostMs = ERROR_SHARE * Math.max(seenMs, finishMs) + ERROR_STEPS * stepMs;
          if (Math.abs(finishMs - seenMs) > mostMs) {
            throw new Error(`predicted ${finishMs}, seen ${seenMs}, may differ by ${mostMs}`);
          }
        },
      ),
      { numRuns: 60 },
    );
    t.pass();
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
    const tight = { ...other, deadlineMs: 150 * stepMs };
    t.is(predictFinishMs([crowd, tight], job, context).missed, 0);
    const first = { ...job, deadlineMs: 140 * stepMs };
    t.is(predictFinishMs([crowd, tight], first, context).missed, device.limit);
  });

  test(`${name}: a job that finds no registers waits for them`, (t) => {
    const context = { nowMs: 0, lanes, maxActiveRows: device.limit };
    const holder = group("b", device.limit, 100);
    const { startMs } = predictFinishMs([holder], group("a", 1, 1), context);
    t.true(Math.abs(startMs - 100 * stepMs) < 1e-6, `${startMs}`);
  });
}
