import test from "ava";
import { CPU, type DeviceModel, GPU } from "./device-model.ts";
import type { Scenario } from "./scenario.ts";
import { deviceTime, type Outcome, simulate } from "./simulate.ts";
import type { JobSource } from "./workload.ts";

const END_MS = 60_000;
/** Until then queues build up. */
const WARM_MS = 10_000;
/** Evaluations that a device does in a second in full batches. */
function capacity({ limit, stepMs }: DeviceModel): number {
  return (1000 * limit) / stepMs(limit);
}

/** A tenant who asks for so many times what the device can do. */
function source(tenant: string, device: DeviceModel, load: number): JobSource {
  const [rows, evaluations] = [8, 40];
  return {
    tenant,
    perSecond: (load * capacity(device)) / (rows * evaluations),
    rows: [rows, rows],
    evaluations: [evaluations, evaluations],
  };
}

function shares(outcome: Outcome): Map<string, number> {
  const times = deviceTime(outcome, WARM_MS, END_MS);
  const all = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  return new Map([...times].map(([tenant, ms]) => [tenant, ms / all]));
}

for (const [name, device] of [
  ["CPU", CPU],
  ["GPU", GPU],
] as const) {
  for (const [a, b] of [
    [1, 1],
    [1, 3],
    [4, 1],
  ] as const) {
    test(`${name}: of two tenants, one with ten times the other's load, each gets its weight's share, ${a} : ${b}`, (t) => {
      const sources = [source("heavy", device, 12), source("light", device, 1.2)];
      const scenario: Scenario = {
        devices: [{ ...device, jitter: 0.3 }],
        sources,
        endMs: END_MS,
        finish: false,
        weights: { heavy: a, light: b },
      };
      const found = shares(simulate(scenario, 1)).get("light") ?? 0;
      t.true(Math.abs(found / (b / (a + b)) - 1) < 0.05, `${found}`);
    });
  }

  test(`${name}: tenants in different lanes share a device just as fairly`, (t) => {
    const small: JobSource = {
      tenant: "small",
      perSecond: 3,
      untilMs: 1000,
      rows: [1, 1],
      evaluations: [1e6, 1e6],
      model: "a",
    };
    const sources = [
      { ...source("heavy", device, 6), model: "a" },
      { ...source("heavy", device, 6), model: "b" },
      { ...source("light", device, 1.2), model: "c" },
      // A few rows whose turn comes at every step: that must not carry their lane's other rows along at light's cost.
      small,
    ];
    const scenario: Scenario = { devices: [device], sources, endMs: END_MS, finish: false };
    const found = shares(simulate(scenario, 2));
    const [ofSmall = 0, ofLight = 0] = [found.get("small"), found.get("light")];
    t.true(ofSmall > 0 && ofSmall < 0.3, `${ofSmall}`);
    // On a GPU small's turns cost nearly a whole batch each, so a third is what is left for light.
    const share = name === "CPU" ? (1 - ofSmall) / 2 : 1 / 3;
    t.true(ofLight > 0.95 * share && ofLight < 1.05 * Math.max(share, 1 / 2), `${ofLight}`);
  });

  test(`${name}: either tenant alone gets everything`, (t) => {
    for (const load of [12, 2]) {
      const sources = [source("only", device, load)];
      const scenario: Scenario = { devices: [device], sources, endMs: END_MS, finish: false };
      const outcome = simulate(scenario, 3);
      const { batches } = outcome;
      const busyMs = deviceTime(outcome, WARM_MS, END_MS).get("only") ?? 0;
      t.true(busyMs > 0.99 * (END_MS - WARM_MS), `${busyMs}`);
      const late = batches.filter(({ endMs }) => endMs > WARM_MS);
      const fullness = late.reduce((sum, { places, limit }) => sum + places / limit, 0);
      t.true(fullness > 0.98 * late.length);
    }
  });

  test(`${name}: interactive jobs among 500 batch jobs have their first step within 3 step times`, (t) => {
    const batch: JobSource = {
      ...source("crowd", device, 1),
      priority: "batch",
      perSecond: 6000,
      burst: 10,
      untilMs: 150,
    };
    const scenario: Scenario = {
      devices: [device],
      sources: [
        batch,
        { tenant: "person", perSecond: 1, rows: [1, 4], evaluations: [10, 30], fromMs: 200 },
      ],
      endMs: 30_000,
      maxActiveRows: 1024,
      finish: false,
    };
    const { jobs } = simulate(scenario, 4);
    t.true(jobs.filter(({ priority }) => priority === "batch").length >= 500);
    const people = jobs.filter(({ priority, atMs }) => priority === "interactive" && atMs < 29_000);
    t.true(people.length > 15);
    for (const { atMs, firstStepMs } of people) {
      const waitedMs = (firstStepMs ?? Number.POSITIVE_INFINITY) - atMs;
      t.true(waitedMs <= 3 * device.stepMs(device.limit) + 1e-6, `${waitedMs}`);
    }
  });
}

test("a tenant gets its weight's share of a fleet, whatever devices there are", (t) => {
  const slow: DeviceModel = { ...GPU, stepMs: (places) => 2 * GPU.stepMs(places) };
  const scenario: Scenario = {
    devices: [GPU, slow, slow],
    // Two devices' worth in all: twelve times that from one tenant, 1.2 times from the other.
    sources: [source("heavy", GPU, 24), source("light", GPU, 2.4)],
    endMs: END_MS,
    finish: false,
    weights: { heavy: 1, light: 3 },
  };
  const found = shares(simulate(scenario, 6)).get("light") ?? 0;
  t.true(Math.abs(found / 0.75 - 1) < 0.05, `${found}`);
});
