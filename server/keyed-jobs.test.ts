import anyTest, { type TestFn } from "ava";
import { type JobOptions, SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import type { Job } from "./engine/job.ts";
import { KeyedJobs } from "./keyed-jobs.ts";
import type { Repository } from "./models/repository.ts";
import { ScoreStream } from "./score-stream.ts";
import { testConfig } from "./testing/config.ts";
import { eventsOf, type StartedEngine, startEngine } from "./testing/start-engine.ts";
import { openUploadStore } from "./uploads/open-store.ts";

const MODEL = "gaussian-mixture-vp";

const test = anyTest as TestFn<StartedEngine & { service: ScoreStream }>;

test.before(async (t) => {
  const started = await startEngine({ models: [MODEL] });
  const { repository, limits, tenants } = started.context;
  const models = {
    current: repository,
    use: <T>(check: (all: Repository) => Promise<T>) => check(repository),
  };
  const uploads = openUploadStore(testConfig());
  const context = { models, limits, maxInputBytes: 1e6, uploads, tenants, devices: [] };
  t.context = { ...started, service: new ScoreStream(started.engine, context) };
});

test.after.always((t) => t.context.close());

function request(steps: number, options: Partial<JobOptions>): SampleRequest {
  return SampleRequest.fromPartial({
    model: MODEL,
    sampler: { method: { $case: "predictorCorrector", value: { steps } } },
    options,
  });
}

/** Jobs of the service are the engine's. */
function asJob(view: unknown): Job {
  return view as Job;
}

test.serial("the same key gives the same job, while it runs and when it has ended", async (t) => {
  const { service } = t.context;
  const options = { idempotencyKey: "a" };
  const [first, second] = await Promise.all([
    service.sample(request(50, options)),
    service.sample(request(50, options)),
  ]);
  t.is(first, second);
  await eventsOf(asJob(first));
  t.is(await service.sample(request(50, options)), first);
  t.not(await service.sample(request(50, {})), first);
});

test.serial("a job that was fitted to its deadline is not fitted anew", async (t) => {
  const { service } = t.context;
  const fitted = SampleRequest.fromPartial({
    model: MODEL,
    count: 64,
    sampler: {
      method: { $case: "annealedLangevin", value: { scales: 10_000, stepsPerScale: 100 } },
    },
    options: {
      idempotencyKey: "fitted",
      fitToDeadline: true,
      deadline: { seconds: 60n, nanos: 0 },
    },
  });
  const job = asJob(await service.sample(fitted));
  t.regex(job.spec.adjusted ?? "", / in place of annealed_langevin with 10000 steps$/);
  t.is(asJob(await service.sample(fitted)), job);
  await eventsOf(job);
  t.is(asJob(await service.sample(fitted)), job);
});

test.serial("keys belong to their tenants", async (t) => {
  const { service } = t.context;
  const mine = await service.sample(request(5, { idempotencyKey: "b", tenant: "mine" }));
  t.not(await service.sample(request(5, { idempotencyKey: "b", tenant: "yours" })), mine);
});

test.serial("a key of another request is refused, and the job goes on", async (t) => {
  const { service } = t.context;
  const job = await service.sample(request(50, { idempotencyKey: "c" }));
  await t.throwsAsync(service.sample(request(51, { idempotencyKey: "c" })), {
    message:
      /^options\.idempotency_key: seen the key of another request, expected one of its own for each$/,
  });
  t.is((await eventsOf(asJob(job))).at(-1)?.event?.$case, "completed");
});

test.serial("one of two callers may leave: the job ends with the last", async (t) => {
  const { service } = t.context;
  const options = { idempotencyKey: "d" };
  const job = asJob(await service.sample(request(10_000, options)));
  t.is(await service.sample(request(10_000, options)), job);
  job.leave(false);
  t.false(job.failed);
  job.leave(false);
  t.true(job.failed);
});

test.serial("a job that was cancelled frees its key", async (t) => {
  const { service } = t.context;
  const options = { idempotencyKey: "e" };
  const job = await service.sample(request(10_000, options));
  service.cancel({ jobId: job.id, rows: [] });
  const again = await service.sample(request(5, options));
  t.not(again, job);
  t.is((await eventsOf(asJob(again))).at(-1)?.event?.$case, "completed");
});

test.serial("a request that is refused leaves its key free", async (t) => {
  const { service } = t.context;
  const options = { idempotencyKey: "f" };
  await t.throwsAsync(service.sample(request(20_000, options)), { message: /steps: seen 20000/ });
  await t.notThrowsAsync(service.sample(request(5, options)));
});

test.serial("keys are forgotten with their jobs, and a new key looks at no other", async (t) => {
  const { engine, submit, close } = await startEngine({ models: [MODEL], retentionMs: 0 });
  let found = 0;
  const keyed = new KeyedJobs((id) => {
    found++;
    return engine.job(id);
  });
  engine.followForgotten((id) => keyed.forget(id));
  const start = (key: number, steps: number): Promise<Job> => {
    const { model, sampler } = request(steps, {});
    const options = { idempotencyKey: `${key}` } as JobOptions;
    const name = { call: "sample", bytes: Uint8Array.of(steps), options };
    return keyed.start(name, () => submit({ model, sampler }));
  };
  const long = await start(0, 10_000);
  for (let key = 1; key <= 20; key++) await eventsOf(start(key, 1));
  t.true(keyed.size <= 2, `${keyed.size} keys of two jobs`);
  t.is(found, 0);
  t.is(await start(0, 10_000), long);
  engine.cancel(long);
  t.is(engine.job(long.id), undefined);
  t.is(keyed.size, 0);
  t.not(await start(0, 10_000), long);
  await close();
});
