import anyTest, { type TestFn } from "ava";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";

const MODEL = "color-digits";
const SAMPLER = { method: { $case: "fast", value: { method: "edm-heun", steps: 6 } } } as const;

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

test.serial("a strict job gives the same bits alone and in any company", async (t) => {
  const { submit } = t.context;
  const strict = { model: MODEL, count: 2, seed: 3n, sampler: SAMPLER, options: { strict: true } };
  const alone = await samplesOf(submit(strict));
  const [job, company] = await Promise.all([
    submit(strict),
    submit({ model: MODEL, count: 7, seed: 9n, sampler: SAMPLER }),
  ]);
  const crowded = await samplesOf(job);
  await eventsOf(company);
  t.deepEqual(crowded, alone);
  const completed = (await eventsOf(job)).at(-1)?.event;
  if (completed?.$case !== "completed") return t.fail();
  t.is(completed.value.meanBatchRows, 1);
});

test.serial("a fast job has the same noise and differs by rounding", async (t) => {
  const request = { model: MODEL, count: 5, seed: 3n, sampler: SAMPLER };
  const fast = await samplesOf(t.context.submit(request));
  const strict = await samplesOf(t.context.submit({ ...request, options: { strict: true } }));
  for (const [i, sample] of fast.entries()) {
    const differences = sample.map((value, e) => Math.abs(value - (strict[i]?.[e] ?? Number.NaN)));
    t.true(Math.max(...differences) < 1e-3);
  }
});
