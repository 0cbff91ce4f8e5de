import anyTest, { type TestFn } from "ava";
import { ServerError } from "../errors.ts";
import { eventsOf, type StartedEngine, startEngine } from "../testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

function request(count: number, steps: number, seconds: bigint, nanos = 0) {
  const value = { predictor: "euler-maruyama", corrector: "none", steps };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  return { model: MODEL, count, sampler, options: { deadline: { seconds, nanos } } };
}

test.serial("a deadline that can be met is met", async (t) => {
  const events = await eventsOf(t.context.submit(request(4, 50, 60n)));
  t.is(events.at(-1)?.event?.$case, "completed");
});

test.serial("one that can't is refused at once, with the time that could be met", async (t) => {
  const { submit, engine } = t.context;
  const error = await t.throwsAsync(submit(request(1000, 9000, 1n)), { instanceOf: ServerError });
  t.is(error?.code, "deadline-exceeded");
  const [, seconds] = /seen \S+ s, expected at least ([\d.]+) s/.exec(error?.message ?? "") ?? [];
  t.true(Number(seconds) > 1, error?.message);
  t.is(engine.load.jobs, 0);
  // Time enough by that word is time enough.
  const again = await submit(request(1000, 9000, BigInt(Math.ceil(3 * Number(seconds)) + 60)));
  t.true(engine.cancel(again));
});

test.serial("a job that is not done in time ends, and frees what it had", async (t) => {
  const { submit, engine } = t.context;
  // Of an adaptive solver none of whose kind has ended 100 evaluations are expected; this one needs 268.
  const value = { solver: "rk45", relativeTolerance: 1e-8, absoluteTolerance: 1e-8 };
  const sampler = { method: { $case: "probabilityFlow", value } } as const;
  const late = (seconds: number) => {
    const deadline = {
      seconds: BigInt(Math.floor(seconds)),
      nanos: Math.floor((seconds % 1) * 1e9),
    };
    return submit({ model: MODEL, count: 256, sampler, options: { deadline } });
  };
  const refused = await t.throwsAsync(late(1e-9), { instanceOf: ServerError });
  const [, least] = /expected at least ([\d.]+) s/.exec(refused?.message ?? "") ?? [];
  const error = await t.throwsAsync(eventsOf(late(1.2 * Number(least))), {
    instanceOf: ServerError,
  });
  t.regex(error?.message ?? "", /was not done by its deadline/);
  t.is(error?.code, "deadline-exceeded");
  await eventsOf(submit(request(1, 2, 60n)));
  t.like(engine.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });
});

test.serial("an interactive job passes batch jobs", async (t) => {
  const { submit } = t.context;
  const batch = await submit({
    ...request(256, 400, 600n),
    options: { priority: 2, tenant: "bulk" },
  });
  const interactive = await submit({ ...request(1, 20, 600n), options: {} });
  await eventsOf(interactive);
  t.is(batch.endedMs, undefined, "the batch job ended first");
  t.is((await eventsOf(batch)).at(-1)?.event?.$case, "completed");
});
