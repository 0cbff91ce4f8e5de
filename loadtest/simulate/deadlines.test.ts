import test from "ava";
import { CPU, GPU } from "./device-model.ts";
import type { Scenario } from "./scenario.ts";
import { type Outcome, simulate } from "./simulate.ts";
import type { JobSource } from "./workload.ts";

function missed({ jobs }: Outcome): number {
  return jobs.filter(({ deadlineMs, endMs }) => (endMs ?? 0) > (deadlineMs ?? 1e12)).length;
}

function due({ jobs }: Outcome): number {
  return jobs.filter(({ deadlineMs }) => deadlineMs !== undefined).length;
}

for (const [name, device] of [
  ["CPU", CPU],
  ["GPU", GPU],
] as const) {
  const perSecond = (1000 * device.limit) / device.stepMs(device.limit);
  const stepMs = device.stepMs(device.limit);
  const endMs = name === "CPU" ? 40_000 : 12_000;
  /** Half of what the device can do, in jobs whose deadlines leave them between 3 and 12 times what they need alone. */
  const punctual: JobSource = {
    tenant: "punctual",
    perSecond: (0.5 * perSecond) / (4 * 30),
    rows: [2, 6],
    evaluations: [20, 40],
    deadlineMs: [6 * 40 * stepMs, 16 * 40 * stepMs],
  };
  const crowd: JobSource = {
    tenant: "crowd",
    perSecond: (3 * perSecond) / (8 * 40),
    rows: [8, 8],
    evaluations: [40, 40],
  };

  test(`${name}: deadlines that an otherwise free device meets are met beside three times its load`, (t) => {
    for (const seed of [1, 2]) {
      const scenario = { devices: [device], endMs };
      const alone = simulate({ ...scenario, sources: [punctual] }, seed);
      t.is(missed(alone), 0);
      const crowded = simulate({ ...scenario, sources: [punctual, crowd] }, seed);
      t.is(due(crowded), due(alone));
      t.true(due(alone) > 10, `${due(alone)}`);
      t.is(missed(crowded), 0);
    }
  });

  test(`${name}: with twice as many deadlines as can be met, every deadline that was admitted is met`, (t) => {
    for (const seed of [4, 5]) {
      const scenario: Scenario = {
        devices: [{ ...device, jitter: 0.05 }],
        sources: [{ ...punctual, perSecond: 4 * punctual.perSecond }, crowd],
        endMs,
      };
      const admitted = simulate({ ...scenario, admission: true }, seed);
      t.is(missed(admitted), 0);
      // Nor is everything refused that might be late: the device does what it can.
      const met = due(admitted);
      const all = met + admitted.refused.length;
      t.true(met > 0.25 * all && met < 0.95 * all, `${met} of ${all}`);
      t.true(missed(simulate(scenario, seed)) > met / 2);
    }
  });
}
