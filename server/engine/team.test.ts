import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { ISOLATIONS } from "../config/config.ts";
import { type DyingLife, dyingWorkers } from "../testing/dying-workers.ts";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";
import type { WorkersOptions } from "./workers.ts";

const MODEL = "gaussian-mixture-vp";
const SAMPLER = { method: { $case: "fast", value: { method: "edm-heun", steps: 4 } } } as const;
/** Batches are shared by two, faster or not. */
const TWO = {
  ...{ team: 2, leastTeamGain: 0 },
  execution: { provider: "cpu", intraOpThreads: 2 },
} satisfies Partial<WorkersOptions>;

const test = anyTest as TestFn<{ team: StartedEngine; one: StartedEngine }>;

test.before(async (t) => {
  const execution = TWO.execution;
  const [team, one] = await Promise.all([
    startEngine({ models: [MODEL], workers: TWO }),
    startEngine({ models: [MODEL], workers: { execution } }),
  ]);
  t.context = { team, one };
});

test.after.always(({ context: { team, one } }) => Promise.all([team.close(), one.close()]));

function near(t: ExecutionContext, seen: readonly Float32Array[], wanted: readonly Float32Array[]) {
  t.is(seen.length, wanted.length);
  for (const [i, sample] of seen.entries()) {
    const differences = sample.map((value, e) => Math.abs(value - (wanted[i]?.[e] ?? Number.NaN)));
    t.true(Math.max(...differences) < 1e-3, `row ${i}`);
  }
}

test.serial(
  "a strict job gives the bits of one worker, alone and beside shared batches",
  async (t) => {
    const { team, one } = t.context;
    const strict = {
      model: MODEL,
      count: 2,
      seed: 3n,
      sampler: SAMPLER,
      options: { strict: true },
    };
    const expected = await samplesOf(one.submit(strict));
    t.deepEqual(await samplesOf(team.submit(strict)), expected);
    const [job, company] = await Promise.all([
      team.submit(strict),
      team.submit({ model: MODEL, count: 8, seed: 9n, sampler: SAMPLER }),
    ]);
    t.deepEqual(await samplesOf(job), expected);
    await eventsOf(company);
  },
);

test.serial("shared batches give what one worker gives, but for rounding", async (t) => {
  const { team, one } = t.context;
  const request = { model: MODEL, count: 4, seed: 3n, sampler: SAMPLER };
  near(t, await samplesOf(team.submit(request)), await samplesOf(one.submit(request)));
});

for (const isolation of ISOLATIONS) {
  test.serial(`the death of either ${isolation} of a team changes no bit`, async (t) => {
    const request = { model: MODEL, count: 4, seed: 5n, sampler: SAMPLER };
    const expected = await samplesOf(t.context.team.submit(request));
    for (const stage of ["prepared", "updated"] as const) {
      const lives: DyingLife[] = [{ death: "exit", stage, batch: 2 }];
      const lost: string[] = [];
      const workers = dyingWorkers({
        ...{ ...TWO, lives, isolation },
        onLost: ({ reason }) => void lost.push(reason),
      });
      const started = await startEngine({ models: [MODEL], workers });
      t.deepEqual(await samplesOf(started.submit(request)), expected);
      t.is(lost.length, 2, "one worker had all of the batches");
      await started.close();
    }
  });
}
