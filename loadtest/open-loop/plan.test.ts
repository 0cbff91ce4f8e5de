import test from "ava";
import { faster } from "./faster.ts";
import { type Arrival, planOf, secondsOfPlan } from "./plan.ts";
import type { Phase, Scenario, Task } from "./scenario.ts";
import { shorter } from "./shorter.ts";
import type { Trace } from "./trace.ts";

const TASK: Task = {
  name: "a",
  weight: 1,
  transport: "grpc",
  request: { $case: "sample", value: {} as never },
  seedVaries: true,
  cancelShare: 0,
  slowShare: 0,
  slowPauseMs: 1,
};

function scenario(arrivals: Phase[], tasks: Partial<Task>[] = [{}], trace?: Trace): Scenario {
  return {
    name: "test",
    description: "",
    seed: 7,
    serverFlags: [],
    arrivals,
    traces: new Map(trace === undefined ? [] : [[0, trace]]),
    warmupS: 1,
    settle: false,
    connections: 1,
    maxInFlight: 1,
    processes: 1,
    drainS: 1,
    tasks: tasks.map((task) => ({ ...TASK, ...task })),
  };
}

/** Mean and squared coefficient of variation of the gaps between arrivals, in s. */
function gaps(arrivals: readonly Arrival[]): { readonly mean: number; readonly variation: number } {
  const all = arrivals.slice(1).map(({ atMs }, i) => (atMs - (arrivals[i]?.atMs ?? 0)) / 1000);
  const mean = all.reduce((sum, gap) => sum + gap, 0) / all.length;
  const variance = all.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / all.length;
  return { mean, variation: variance / mean ** 2 };
}

test("the same seed gives the same plan, in order of time, and another seed another", (t) => {
  const one = scenario([{ process: "poisson", rate: 50, seconds: 20 }], [{}, { name: "b" }]);
  const plan = [...planOf(one)];
  t.deepEqual([...planOf(one)], plan);
  t.notDeepEqual([...planOf({ ...one, seed: 8 })], plan);
  t.deepEqual(
    plan.map(({ index }) => index),
    plan.map((_, i) => i),
  );
  t.true(plan.every(({ atMs }, i) => atMs >= (plan[i - 1]?.atMs ?? 0)));
  t.true(plan.every(({ atMs, counted }) => counted === atMs >= 1000));
});

test("gaps have the mean and the variation of their process", (t) => {
  // 10,000 gaps: the mean's standard error is 1 % of it (Poisson); the variation's about 3 %.
  const poisson = gaps([...planOf(scenario([{ process: "poisson", rate: 100, seconds: 100 }]))]);
  t.true(Math.abs(poisson.mean * 100 - 1) < 0.05, `${poisson.mean}`);
  t.true(Math.abs(poisson.variation - 1) < 0.15, `${poisson.variation}`);
  const bursts = { process: "gamma", rate: 100, shape: 0.25, seconds: 200 } as const;
  const bursty = gaps([...planOf(scenario([bursts]))]);
  t.true(Math.abs(bursty.mean * 100 - 1) < 0.1, `${bursty.mean}`);
  t.true(Math.abs(bursty.variation - 4) < 0.8, `${bursty.variation}`);
  const even = { process: "gamma", rate: 100, shape: 4, seconds: 100 } as const;
  t.true(Math.abs(gaps([...planOf(scenario([even]))]).variation - 0.25) < 0.04);
});

test("a ramp goes from one rate to the other, also down to nothing", (t) => {
  const counts = (from: number, to: number): number[] => {
    const seconds = 100;
    const bins = [0, 0, 0, 0];
    for (const { atMs } of planOf(scenario([{ process: "ramp", from, to, seconds }]))) {
      const bin = Math.floor(atMs / 25_000);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return bins;
  };
  // The area under the line, within 5 standard deviations of a Poisson count.
  const near = (seen: number[], expected: number[]): boolean =>
    seen.every((n, i) => Math.abs(n - (expected[i] ?? 0)) < 5 * Math.sqrt(expected[i] ?? 0));
  t.true(near(counts(0, 80), [250, 750, 1250, 1750]), `${counts(0, 80)}`);
  t.true(near(counts(80, 0), [1750, 1250, 750, 250]), `${counts(80, 0)}`);
  t.true(near(counts(20, 20), [500, 500, 500, 500]), `${counts(20, 20)}`);
});

test("phases follow each other; a replay comes as it was, with its tasks, faster where asked", (t) => {
  const trace = [
    { seconds: 0, task: "b" },
    { seconds: 4, task: undefined },
    { seconds: 6, task: "a" },
  ];
  const two = scenario(
    [
      { process: "replay", file: "x", speed: 2 },
      { process: "poisson", rate: 10, seconds: 5 },
    ],
    [{}, { name: "b", weight: 1e9 }],
    trace,
  );
  const plan = [...planOf(two)];
  t.deepEqual(
    plan.slice(0, 3).map(({ atMs, task }) => [atMs, task]),
    [
      [0, 1],
      [2000, 1],
      [3000, 0],
    ],
  );
  t.true(plan.slice(3).every(({ atMs }) => atMs >= 3000 && atMs < 8000));
  t.is(secondsOfPlan(two), 8);
});

test("weights and shares are kept, and a share moves no arrival", (t) => {
  const plain = scenario(
    [{ process: "poisson", rate: 100, seconds: 100 }],
    [{}, { name: "b", weight: 3 }],
  );
  const tasks = plain.tasks.map((task) => ({ ...task, cancelShare: 0.3, slowShare: 0.1 }));
  const plan = [...planOf({ ...plain, tasks })];
  const share = (of: (arrival: Arrival) => boolean): number => plan.filter(of).length / plan.length;
  t.true(Math.abs(share(({ task }) => task === 1) - 0.75) < 0.03);
  t.true(Math.abs(share(({ cancelAt }) => cancelAt !== undefined) - 0.3) < 0.03);
  t.true(Math.abs(share(({ slow }) => slow) - 0.1) < 0.02);
  t.deepEqual(
    [...planOf(plain)].map(({ atMs, task }) => [atMs, task]),
    plan.map(({ atMs, task }) => [atMs, task]),
  );
});

test("a faster scenario has the same jobs, sooner", (t) => {
  const phases: Phase[] = [
    { process: "poisson", rate: 20, seconds: 10 },
    { process: "gamma", rate: 20, shape: 0.5, seconds: 10 },
    { process: "ramp", from: 5, to: 20, seconds: 10 },
  ];
  const slow = [...planOf(scenario(phases, [{ cancelShare: 0.5 }, { name: "b" }]))];
  const fast = [...planOf(faster(scenario(phases, [{ cancelShare: 0.5 }, { name: "b" }]), 4))];
  const rounded = (atMs: number): number => Math.round(atMs * 1e3);
  t.deepEqual(
    fast.map((arrival) => ({ ...arrival, atMs: rounded(4 * arrival.atMs) })),
    slow.map((arrival) => ({ ...arrival, atMs: rounded(arrival.atMs) })),
  );
  t.throws(() => faster(scenario(phases), 0), { instanceOf: RangeError });
});

test("a scenario's first seconds are the same jobs at the same times, across its phases", (t) => {
  const whole = scenario([
    { process: "poisson", rate: 20, seconds: 10 },
    { process: "ramp", from: 5, to: 25, seconds: 20 },
    { process: "poisson", rate: 20, seconds: 10 },
  ]);
  const arrivals = [...planOf(whole)];
  for (const seconds of [4, 10, 17]) {
    const expected = arrivals.filter(({ atMs }) => atMs < 1000 * seconds);
    const first = [...planOf(shorter(whole, seconds))];
    t.is(first.length, expected.length);
    for (const [i, { atMs }] of first.entries()) {
      t.true(Math.abs(atMs - (expected[i]?.atMs ?? Number.NaN)) < 1e-6);
    }
  }
  t.deepEqual([...planOf(shorter(whole, 99))], arrivals);
  t.throws(() => shorter(whole, 0), { instanceOf: RangeError, message: /seen 0 seconds/ });
});
