import test, { type ExecutionContext } from "ava";
import type { JobEvent, Queued } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  type EngineSetup,
  eventsOf,
  type StartedEngine,
  startEngine,
} from "../testing/start-engine.ts";
import type { Job } from "./job.ts";

const MODEL = "gaussian-mixture-vp";

function start(t: ExecutionContext, setup: Partial<EngineSetup>): Promise<StartedEngine> {
  const starting = startEngine({ models: [MODEL], ...setup });
  t.teardown(async () => (await starting).close());
  return starting;
}

function of(steps: number, count = 1, options = {}) {
  const value = { predictor: "euler-maruyama", corrector: "none", steps };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  return { model: MODEL, count, sampler, options };
}

/** What a job says of its place, as it comes, until it says something else than that it has been accepted. */
async function* placesOf(job: Job): AsyncGenerator<Queued, void, undefined> {
  for await (const { event } of job.events(0n, new AbortController().signal)) {
    if (event?.$case === "queued") yield event.value;
    else if (event?.$case !== "accepted") return;
  }
}

async function next(places: AsyncGenerator<Queued, void, undefined>): Promise<Queued> {
  const { value } = await places.next();
  if (value === undefined) throw new Error("the job waits no more");
  return value;
}

function cases(events: readonly JobEvent[]): (string | undefined)[] {
  return events.map(({ event }) => event?.$case);
}

test("a job that waits is told where it stands, again when that has changed, and no more once it runs", async (t) => {
  const { submit, engine } = await start(t, { maxActiveRows: 2, queueIntervalMs: 1 });
  const [running, before, job] = [
    await submit(of(10_000, 2)),
    await submit(of(10_000, 3)),
    await submit(of(20)),
  ];
  const places = placesOf(job);
  const first = await next(places);
  t.is(first.rowsAhead, 3n);
  t.true(seconds(first.expectedWait) > 0 && seconds(first.expectedDuration) > 0);
  engine.cancel(before);
  let last = first;
  while (last.rowsAhead > 0n) last = await next(places);
  t.true(seconds(last.expectedWait) <= seconds(first.expectedWait));
  engine.cancel(running);
  while (!(await places.next()).done);
  const events = await eventsOf(job);
  // What was said of its place is worth nothing once it runs: a caller who comes back does not get it.
  t.false(cases(events).includes("queued"));
  t.is(cases(events).at(-1), "completed");
});

test("a caller who comes back gets the latest place alone, and what comes after it", async (t) => {
  const { submit, engine } = await start(t, { maxActiveRows: 1, queueIntervalMs: 1 });
  const running = await submit(of(10_000));
  const others = [await submit(of(10_000)), await submit(of(10_000))];
  const job = await submit(of(20));
  const places = placesOf(job);
  await next(places);
  for (const other of others) engine.cancel(other);
  let last = await next(places);
  while (last.rowsAhead > 0n) last = await next(places);
  const again = placesOf(job);
  t.deepEqual(await next(again), last);
  engine.cancel(running);
  t.true((await again.next()).done);
});

test("a job that begins at once is told nothing of a queue", async (t) => {
  const { submit } = await start(t, { queueIntervalMs: 1 });
  const events = await eventsOf(submit(of(50, 4)));
  t.false(cases(events).includes("queued"));
});

test("a tenant's place is by fair order: a newcomer is before another's second row", async (t) => {
  const { submit } = await start(t, { maxActiveRows: 1 });
  const heavy = await submit(of(10_000, 5, { tenant: "heavy" }));
  const more = await submit(of(10_000, 5, { tenant: "heavy" }));
  const light = await submit(of(20, 1, { tenant: "light" }));
  t.is((await next(placesOf(light))).rowsAhead, 1n);
  t.is((await next(placesOf(more))).rowsAhead, 5n);
  t.not(heavy.startedMs, undefined);
});

test("among a thousand that wait, each is told a few times, the nearer the oftener", async (t) => {
  const { submit } = await start(t, { maxActiveRows: 64, queueIntervalMs: 1 });
  const jobs: Job[] = [];
  for (let i = 0; i < 1000; i++) jobs.push(await submit(of(2, 1, { tenant: `${i % 7}` })));
  const told = await Promise.all(
    jobs.map(async (job) => {
      const ahead: bigint[] = [];
      for await (const { rowsAhead } of placesOf(job)) ahead.push(rowsAhead);
      return ahead;
    }),
  );
  // A place that has changed by a tenth is news: from 1000 down to 0 that is 70 times at most, but for begins that move.
  for (const ahead of told) t.true(ahead.length <= 140, `${ahead.length} times`);
  const [last = []] = told.slice(-1);
  t.true(last.length > 0);
});

function seconds(duration: Queued["expectedWait"]): number {
  return Number(duration?.seconds ?? 0) + (duration?.nanos ?? 0) / 1e9;
}
