import test from "ava";
import { eventsOf, startEngine } from "../testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";
const SEED = 777n;

function request(steps: number) {
  const value = { predictor: "euler-maruyama", corrector: "none", steps };
  return {
    model: MODEL,
    count: 1,
    sampler: { method: { $case: "predictorCorrector", value } } as const,
  };
}

test("an interactive job among 500 batch jobs has its first preview within 3 steps", async (t) => {
  const started = await startEngine({ models: [MODEL] });
  t.teardown(started.close);
  const { submit, engine, workers } = started;
  /** Of each batch that came back: whether the job was in it. */
  const batches: boolean[] = [];
  let before = 0;
  const run = workers.batch.bind(workers);
  workers.batch = async (task, expectedMs) => {
    const answer = await run(task, expectedMs);
    batches.push(task.rows.some(({ seed }) => seed === SEED));
    return answer;
  };
  const admit = engine.submit.bind(engine);
  engine.submit = (spec) => {
    before = batches.length;
    return admit(spec);
  };
  const options = { priority: 2, tenant: "archive" } as const;
  const crowd = await Promise.all(
    Array.from({ length: 500 }, () => submit({ ...request(5000), options })),
  );
  t.is(engine.load.jobs, 500);
  const person = await submit({ ...request(20), seed: SEED, preview: { everySteps: 1 } });
  const events = await eventsOf(person);
  // One batch ran, one may have waited behind it; the third has the job.
  const waited = batches.indexOf(true, before) - before;
  t.true(waited >= 0 && waited < 3, `${waited}`);
  const first = events.find(({ event }) => event?.$case === "preview")?.event;
  t.true(first?.$case === "preview" && first.value.evaluations >= 1n);
  t.is(events.at(-1)?.event?.$case, "completed");
  for (const job of crowd) engine.cancel(job);
});
