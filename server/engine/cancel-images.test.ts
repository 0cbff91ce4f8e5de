import anyTest, { type TestFn } from "ava";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";
import type { Job } from "./job.ts";

const test = anyTest.serial as TestFn<StartedEngine>;
const MODEL = "gaussian-mixture-vp";
const MAX_ROWS = 12;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL], maxRows: MAX_ROWS, maxActiveRows: 8 });
});

test.after.always((t) => t.context.close());

function request(count: number, steps: number) {
  const value = { predictor: "euler-maruyama", corrector: "langevin", steps };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  return { model: MODEL, count, seed: 5n, sampler, options: { strict: true } };
}

/** Waits until a row has moved. */
async function moved(job: Job, row: number): Promise<void> {
  for await (const { event } of job.events(0n)) {
    if (event?.$case === "progress" && event.value.row === row) return;
  }
  throw new Error(`row ${row} never moved`);
}

/** Waits until every row that a worker had is back: what it had is free by the end of a job that came after. */
async function settled({ submit }: StartedEngine): Promise<void> {
  await eventsOf(submit(request(1, 2)));
}

function cancelledOf(events: readonly JobEvent[]): number[] {
  return events.flatMap(({ event }) => (event?.$case === "rowCancelled" ? [event.value.row] : []));
}

test("images end by themselves, and the others of a strict job come out to the same bits", async (t) => {
  const { engine, submit } = t.context;
  const whole = await samplesOf(submit(request(4, 600)));
  const job = await submit(request(4, 600));
  await moved(job, 3);
  t.deepEqual(engine.cancelImages(job, [1, 3]), [1, 3]);
  t.deepEqual(engine.cancelImages(job, [0, 1, 3]), [0], "those that have ended are passed over");
  const events = await eventsOf(job);
  const samples = await samplesOf(job);
  t.deepEqual(samples[2], whole[2]);
  t.deepEqual(Object.keys(samples), ["2"]);
  t.deepEqual(cancelledOf(events), [1, 3, 0]);
  const completed = events.at(-1)?.event;
  if (completed?.$case !== "completed") return t.fail();
  t.deepEqual(completed.value.cancelledRows, [0, 1, 3]);
  const taken = job.rows.map(({ evaluations }) => evaluations);
  t.true((taken[1] ?? 0) > 0 && (taken[1] ?? 0) < (taken[2] ?? 0), `${taken}`);
  t.is(
    Number(completed.value.evaluations),
    taken.reduce((sum, each) => sum + each),
  );
  t.false(events.some(({ event }) => event?.$case === "progress" && event.value.row !== 2));
  await settled(t.context);
  t.deepEqual(engine.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });
});

test("what cancelled images had is free: registers, places, and room for other jobs", async (t) => {
  const { engine, submit } = t.context;
  const job = await submit(request(MAX_ROWS, 10_000));
  await moved(job, 7);
  const before = engine.load;
  t.like(before, { active: 8, waiting: 4 });
  await t.throwsAsync(submit(request(1, 2)), { message: /rows/ });
  // Two that run, two that wait: the others that wait get the places.
  t.deepEqual(engine.cancelImages(job, [0, 6, 9, 10]), [0, 6, 9, 10]);
  await moved(job, 11);
  t.like(engine.load, { active: 8, waiting: 0, leaving: 0 });
  t.deepEqual(engine.cancelImages(job, [1, 2, 3, 4, 5]), [1, 2, 3, 4, 5]);
  await settled(t.context);
  const { active, waiting, leaving, slabElements } = engine.load;
  t.deepEqual({ active, waiting, leaving }, { active: 3, waiting: 0, leaving: 0 });
  t.is(slabElements, (3 / 8) * before.slabElements);
  const more = await submit(request(MAX_ROWS - 3, 10_000));
  await t.throwsAsync(submit(request(1, 2)), { message: /rows/ });
  engine.cancel(more);
  engine.cancel(job);
  await settled(t.context);
  t.is(engine.load.slabElements, 0);
});

test("a job that waits is expected to take what is left of it", async (t) => {
  const { engine, submit } = t.context;
  const running = await submit(request(8, 10_000));
  const job = await submit(request(4, 100));
  const claim = { tenant: "", priority: "interactive" } as const;
  const before = engine.taken(claim).all;
  t.is(before.rows, 12);
  engine.cancelImages(job, [0, 2]);
  const after = engine.taken(claim).all;
  t.is(after.rows, 10);
  t.true(after.workMs < before.workMs && after.registerBytes === (10 / 12) * before.registerBytes);
  t.is(engine.load.waiting, 2);
  engine.cancel(running);
  const samples = await samplesOf(job);
  t.deepEqual(Object.keys(samples), ["1", "3"]);
});

test("of a likelihood an image's probes end together", async (t) => {
  const { engine, logLikelihood } = t.context;
  const images = [0, 1, 2].map((level) => tensor(t.context, level));
  const asked = { model: MODEL, images, probes: 3, seed: 4n, options: { strict: true } };
  const likelihoods = (events: readonly JobEvent[]) =>
    events
      .flatMap(({ event }) => (event?.$case === "likelihood" ? [event.value] : []))
      .sort((a, b) => a.row - b.row);
  const whole = likelihoods(await eventsOf(logLikelihood(asked)));
  const job = await logLikelihood(asked);
  t.is(job.images, 3);
  t.deepEqual(engine.cancelImages(job, [1]), [1]);
  const events = await eventsOf(job);
  t.deepEqual(
    likelihoods(events),
    whole.filter(({ row }) => row !== 1),
  );
  t.deepEqual(cancelledOf(events), [1]);
  await settled(t.context);
  t.is(engine.load.slabElements, 0);
});

/** A picture of one value. */
function tensor({ context }: StartedEngine, value: number) {
  const model = context.repository.models.get(MODEL);
  if (model === undefined) throw new Error("the model is missing");
  const { shape } = model;
  const values = new Float32Array(shape.channels * shape.height * shape.width).fill(value / 4);
  return {
    source: { $case: "tensor", value: { shape, float32: Buffer.from(values.buffer) } },
  } as const;
}

test("a job whose last images are cancelled completes with what it has", async (t) => {
  const { engine, submit } = t.context;
  const job = await submit(request(MAX_ROWS, 100));
  const events = job.events(0n);
  for await (const { event } of events) if (event?.$case === "sampled") break;
  // At least one has ended, and those that came after the first eight have not.
  const late = [8, 9, 10, 11];
  t.deepEqual(engine.cancelImages(job, late), late);
  t.deepEqual(Object.keys(await samplesOf(job)).length, 8);
  const completed = (await eventsOf(job)).at(-1)?.event;
  if (completed?.$case !== "completed") return t.fail();
  t.deepEqual(completed.value.cancelledRows, late);
  t.deepEqual(engine.cancelImages(job, [0, 8]), [], "it has ended");
  t.false(job.failed);
});

test("a job all of whose images are cancelled, at once or by and by, is cancelled", async (t) => {
  const { engine, submit } = t.context;
  const job = await submit(request(3, 10_000));
  t.deepEqual(engine.cancelImages(job, [0]), [0]);
  t.is(job.endedMs, undefined);
  t.deepEqual(engine.cancelImages(job, [1, 2]), [1, 2]);
  await t.throwsAsync(eventsOf(job), { message: /was cancelled/ });
  t.true(job.failed);
  t.deepEqual(engine.cancelImages(job, [0]), []);
  await settled(t.context);
  t.deepEqual(engine.load, { jobs: 0, active: 0, waiting: 0, leaving: 0, slabElements: 0 });
});
