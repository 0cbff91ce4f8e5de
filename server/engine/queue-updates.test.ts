import test, { type ExecutionContext } from "ava";
import type { JobEvent, Queued } from "../../proto/gen/scorestream/v1/scorestream.ts";
import {
  type EngineSetup,
  eventsOf,
  type StartedEngine,
  startEngine,
} from "../testing/start-engine.ts";
import type { Job } from "./job.ts";
import { type QueuedJob, QueueUpdates } from "./queue-updates.ts";

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
  for await (const { event } of job.events(0n)) {
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

interface Forecast {
  readonly ahead: number;
  readonly startMs: number;
}

/** What a job is told that stands like this, `everyMs` apart, where it may be told every ms. @returns the places */
async function told(forecasts: readonly Forecast[], everyMs = 1000): Promise<number[]> {
  const said: number[] = [];
  const job: QueuedJob = {
    startedMs: undefined,
    endedMs: undefined,
    queue: ({ rowsAhead }) => said.push(Number(rowsAhead)),
  };
  const other = { ...job, queue: () => undefined };
  // Its own timers keep no process alive.
  const alive = setInterval(() => undefined, 1000);
  let clockMs = 0;
  const left = [...forecasts];
  await new Promise<void>((resolve) => {
    const forecast = () => {
      const next = left.shift();
      if (next === undefined) return [];
      setImmediate(() => {
        clockMs += everyMs;
        if (left.length === 0) resolve();
      });
      const { ahead, startMs } = next;
      const times = { startMs, endMs: startMs + 1 };
      const others = Array.from({ length: ahead }, () => ({ row: { job: other }, ...times }));
      return [...others, { row: { job }, ...times }];
    };
    new QueueUpdates(forecast, () => clockMs, 1).add(job);
  });
  clearInterval(alive);
  return said;
}

test("a place is news where it has changed by a tenth", async (t) => {
  const places = [100, 95, 91, 90, 89, 82, 81, 12, 11, 10, 9, 9, 8];
  const said = await told(places.map((ahead) => ({ ahead, startMs: 0 })));
  t.deepEqual(said, [100, 90, 81, 12, 10, 9, 8]);
});

test("a begin is news where it has moved by a tenth of the wait", async (t) => {
  const begins = [101_000, 102_000, 109_000, 112_000, 101_500, 101_000];
  t.is((await told(begins.map((startMs) => ({ ahead: 5, startMs })))).length, 3);
});

test("news are told no oftener than is allowed", async (t) => {
  const places = [9, 8, 7, 6, 5].map((ahead) => ({ ahead, startMs: 0 }));
  t.deepEqual(await told(places, 0.5), [9, 7, 5]);
});

function seconds(duration: Queued["expectedWait"]): number {
  return Number(duration?.seconds ?? 0) + (duration?.nanos ?? 0) / 1e9;
}
