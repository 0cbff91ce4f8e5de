import anyTest, { type TestFn } from "ava";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";
import type { Job } from "./job.ts";

const test = anyTest as TestFn<StartedEngine>;
const MODEL = "gaussian-mixture-vp";

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL, "gaussian-mixture-ve"] });
});
test.after.always((t) => t.context.close());

function method(steps: number, corrector = "none") {
  return {
    method: {
      $case: "predictorCorrector",
      value: { predictor: "reverse-diffusion", corrector, steps },
    },
  } as const;
}

function cases(events: readonly JobEvent[]): (string | undefined)[] {
  return events.map(({ event }) => event?.$case);
}

test.serial("a job says accepted, one result a sample and completed, in order", async (t) => {
  const events = await eventsOf(t.context.submit({ model: MODEL, count: 3, sampler: method(20) }));
  t.is(events[0]?.event?.$case, "accepted");
  t.is(events.at(-1)?.event?.$case, "completed");
  t.is(cases(events).filter((name) => name === "sampled").length, 3);
  const sequences = events.map(({ sequence }) => Number(sequence));
  t.deepEqual(
    sequences,
    [...sequences].sort((a, b) => a - b),
  );
  const [accepted] = events;
  if (accepted?.event?.$case !== "accepted") return t.fail();
  t.is(accepted.event.value.rows, 3);
  t.is(accepted.event.value.expectedEvaluations, 20n);
});

test.serial(
  "16 requests of one sample share evaluations, and each gets what it gets alone",
  async (t) => {
    const { submit } = t.context;
    const request = (seed: bigint) => ({ model: MODEL, seed, sampler: method(40, "langevin") });
    const seeds = Array.from({ length: 16 }, (_, i) => BigInt(i));
    const jobs = await Promise.all(seeds.map((seed) => submit(request(seed))));
    const together = await Promise.all(jobs.map(samplesOf));
    for (const job of jobs) {
      const completed = (await eventsOf(job)).at(-1)?.event;
      if (completed?.$case !== "completed") return t.fail();
      t.true(completed.value.meanBatchRows >= 12, `${completed.value.meanBatchRows} rows`);
    }
    for (const [i, seed] of seeds.entries()) {
      const [alone] = await samplesOf(submit(request(seed)));
      const shared = together[i]?.[0];
      if (alone === undefined || shared === undefined) return t.fail();
      // Noise bits are the same; float32 sums may be taken in another order in a batch of another size.
      t.true(alone.every((value, e) => Math.abs(value - (shared[e] ?? Number.NaN)) < 1e-4));
    }
  },
);

test.serial("previews come as often as asked, each row's last step excepted", async (t) => {
  // A preview whose row has ended before it is encoded is left out: the rows take long enough for that not to be all.
  const preview = { everySteps: 500 };
  const events = await eventsOf(
    t.context.submit({ model: MODEL, count: 2, sampler: method(4000), preview }),
  );
  const evaluations = events.flatMap(({ event }) =>
    event?.$case === "preview" ? [Number(event.value.evaluations)] : [],
  );
  t.true(evaluations.length > 0 && evaluations.length <= 2 * 7);
  t.true(evaluations.every((count) => count % 500 === 0 && count < 4000));
});

test.serial("a rate limit on previews holds", async (t) => {
  const started = performance.now();
  const events = await eventsOf(
    t.context.submit({
      model: MODEL,
      sampler: method(4000), // as above
      preview: { everySteps: 1, maxPerSecond: 20 },
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const previews = cases(events).filter((name) => name === "preview").length;
  t.true(previews >= 1 && previews <= 1 + 20 * seconds, `${previews} in ${seconds} s`);
});

test.serial("a job of many rows tells of each more rarely", async (t) => {
  const { submit } = t.context;
  const started = performance.now();
  const events = await eventsOf(submit({ model: MODEL, count: 64, sampler: method(400) }));
  const seconds = (performance.now() - started) / 1000;
  const told = cases(events).filter((name) => name === "progress").length;
  t.true(told >= 1 && told <= 64 * (1 + seconds / 2), `${told} in ${seconds} s`);
});

test.serial("cancel ends a job within a step and frees its registers", async (t) => {
  const { engine, submit } = t.context;
  const job = await submit({ model: MODEL, count: 32, sampler: method(10_000) });
  const events = job.events(0n);
  while ((await events.next()).value?.event?.$case !== "progress");
  t.true(engine.cancel(job));
  t.false(engine.cancel(job));
  await t.throwsAsync(
    async () => {
      while (!(await events.next()).done);
    },
    { instanceOf: ServerError, message: /was cancelled/ },
  );
  // What a worker still has comes back after its step; the next job's first answer is later than that.
  await eventsOf(submit({ model: MODEL, sampler: method(2) }));
  t.deepEqual(engine.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });
});

test.serial("a caller who leaves cancels the job, unless it is detached", async (t) => {
  const { engine, submit } = t.context;
  const left = await submit({ model: MODEL, sampler: method(10_000) });
  left.leave(false);
  t.not(left.endedMs, undefined);
  const detached = await submit({ model: MODEL, sampler: method(10), options: { detached: true } });
  detached.leave(false);
  t.is((await eventsOf(detached)).at(-1)?.event?.$case, "completed");
  t.is(engine.job(detached.id), detached);
});

test.serial(
  "leaving for good cancels a detached job too, once nobody else follows it",
  async (t) => {
    const { engine, submit } = t.context;
    const start = (): Promise<Job> =>
      submit({ model: MODEL, sampler: method(10_000), options: { detached: true } });
    const alone = await start();
    alone.leave(true);
    t.true(alone.failed);

    const shared = await start();
    shared.join();
    shared.leave(true);
    t.false(shared.failed, "another caller is there");
    shared.leave(true);
    t.true(shared.failed);

    // Both have lost their connections, and have come back to it.
    const watched = await start();
    watched.leave(false);
    for (let watchers = 0; watchers < 3; watchers++) watched.watch();
    watched.unwatch(true);
    watched.unwatch(false);
    t.false(watched.failed, "another one watches");
    watched.unwatch(true);
    t.true(watched.failed);

    const left = await start();
    left.leave(false);
    left.watch();
    left.unwatch(false);
    t.false(left.failed, "nobody left for good");
    engine.cancel(left);
  },
);

test.serial("a watcher keeps no job from ending that is not detached, and ends none", async (t) => {
  const job = await t.context.submit({ model: MODEL, sampler: method(10_000) });
  job.watch();
  job.watch();
  job.unwatch(true);
  t.false(job.failed);
  job.leave(true);
  t.true(job.failed);
});

test.serial("watching from a sequence number gives the results that came after it", async (t) => {
  const job = await t.context.submit({ model: MODEL, count: 2, sampler: method(5) });
  const all = await eventsOf(job);
  const [first] = all.filter(({ event }) => event?.$case === "sampled");
  const after = first?.sequence ?? 0n;
  const rest: JobEvent[] = [];
  for await (const event of job.events(after)) rest.push(event);
  t.deepEqual(
    rest,
    all.filter(({ sequence, event }) => sequence > after && event?.$case !== "progress"),
  );
});

test.serial(
  "a solver that uses up its evaluations fails its own job, with the sentence that says why",
  async (t) => {
    const { engine, submit } = t.context;
    const flow = { solver: "rk45", maxEvaluations: 20n };
    const failing = await submit({
      model: MODEL,
      sampler: { method: { $case: "probabilityFlow", value: flow } },
    });
    const good = await submit({ model: MODEL, sampler: method(20) });
    const error = await t.throwsAsync(eventsOf(failing), { instanceOf: ServerError });
    t.is(error.code, "solver-failed");
    t.regex(error.message, /^row 0: the ODE solver used up its 20 evaluations at time 0\.\d+$/);
    t.is((await samplesOf(good)).length, 1);
    t.is(engine.load.slabElements, 0);
  },
);

test.serial(
  "the fast solvers and the ODE end at the same sample from the same noise",
  async (t) => {
    const methods = [
      { $case: "probabilityFlow", value: { solver: "rk45" } },
      { $case: "fast", value: { method: "ddim", steps: 400 } },
      { $case: "fast", value: { method: "dpm-solver++2m", steps: 60 } },
      { $case: "fast", value: { method: "unipc", steps: 40 } },
      { $case: "fast", value: { method: "edm-heun", steps: 60 } },
    ] as const;
    const samples = await Promise.all(
      methods.map(async (one) => {
        const job = await t.context.submit({
          model: MODEL,
          seed: 4n,
          count: 4,
          sampler: { method: one },
        });
        return (await samplesOf(job)).flatMap((sample) => Array.from(sample));
      }),
    );
    const [reference = [], ...others] = samples;
    for (const [i, other] of others.entries()) {
      const errors = other.map((value, e) => Math.abs(value - (reference[e] ?? Number.NaN)));
      // All solve one ODE, each with its own error: DDIM's, of first order, is the largest.
      t.true(Math.max(...errors) < (i === 0 ? 0.05 : 0.02), `${i}: ${Math.max(...errors)}`);
    }
  },
);

test.serial("jobs of two models run side by side", async (t) => {
  const jobs = [MODEL, "gaussian-mixture-ve"].map((model) =>
    t.context.submit({ model, count: 4, sampler: method(30) }),
  );
  for (const samples of await Promise.all(jobs.map(samplesOf))) t.is(samples.length, 4);
});

test.serial("more rows than the server holds are refused, with a time to come back", async (t) => {
  const small = await startEngine({ models: [MODEL], maxRows: 4, maxActiveRows: 2 });
  try {
    const job = await small.submit({ model: MODEL, count: 3, sampler: method(200) });
    const error = await t.throwsAsync(small.submit({ model: MODEL, count: 2 }), {
      instanceOf: ServerError,
    });
    t.is(error?.code, "queue-full");
    t.true((error?.retryAfterMs ?? 0) > 0);
    const tooLarge = await t.throwsAsync(small.submit({ model: MODEL, count: 5 }), {
      instanceOf: ServerError,
    });
    t.is(tooLarge?.code, "too-large");
    t.is((await samplesOf(job)).length, 3);
    t.deepEqual(small.engine.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });
  } finally {
    await small.close();
  }
});

test.serial(
  "rows of a cancelled job take nobody's place, even while a worker has them",
  async (t) => {
    const small = await startEngine({ models: [MODEL], maxRows: 4, maxActiveRows: 4 });
    try {
      const long = await small.submit({ model: MODEL, count: 4, sampler: method(10_000) });
      small.engine.cancel(long);
      t.like(small.engine.load, { active: 0, waiting: 0, leaving: 4 });
      t.is((await samplesOf(await small.submit({ model: MODEL, count: 4 }))).length, 4);
      t.like(small.engine.load, { leaving: 0, slabElements: 0 });
    } finally {
      await small.close();
    }
  },
);

test.serial("a drain refuses new jobs and lets those that run end", async (t) => {
  const small = await startEngine({ models: [MODEL] });
  const job = await small.submit({ model: MODEL, count: 3, sampler: method(50) });
  const drained = small.engine.drain(60_000);
  const error = await t.throwsAsync(small.submit({ model: MODEL }), { instanceOf: ServerError });
  t.is(error?.code, "shutting-down");
  await drained;
  t.is((await samplesOf(job)).length, 3);
  await small.close();
});
