import { setTimeout } from "node:timers/promises";
import test from "ava";
import fc from "fast-check";
import { eventsOf, startEngine } from "../testing/start-engine.ts";
import { BatchTurns } from "./batch-turns.ts";

test("a batch that a worker is free for has its turn from when it was sent", (t) => {
  const turns = new BatchTurns(1);
  const first = turns.send(10);
  t.is(turns.back(first, 13), 3);
  // Nothing was there to run for a while.
  const second = turns.send(100);
  t.is(turns.back(second, 104), 4);
});

test("behind another one a batch has its turn from when that one came back", (t) => {
  const turns = new BatchTurns(1);
  const [first, second, third] = [turns.send(0), turns.send(1), turns.send(2)];
  t.is(turns.back(first, 10), 10);
  t.is(turns.back(second, 14), 4);
  t.is(turns.back(third, 20), 6);
});

test("of two workers each has a turn of its own", (t) => {
  const turns = new BatchTurns(2);
  const [a, b, c] = [turns.send(0), turns.send(0), turns.send(1)];
  t.is(turns.back(b, 7), 7);
  t.is(turns.back(c, 9), 2);
  t.is(turns.back(a, 10), 10);
});

test("a batch that comes back before its turn, because its worker ended, has none", (t) => {
  const turns = new BatchTurns(1);
  const [first, second, third] = [turns.send(0), turns.send(0), turns.send(0)];
  t.is(turns.back(second, 5), 0);
  t.is(turns.back(first, 6), 6);
  t.is(turns.back(third, 8), 2);
});

test("the turns of one worker never overlap, and fill all the time that it has batches", (t) => {
  const event = fc.record({ waitMs: fc.nat(50), sends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const turns = new BatchTurns(1);
      const away: ReturnType<BatchTurns["send"]>[] = [];
      let [nowMs, busyMs, sumMs] = [0, 0, 0];
      const back = (): void => {
        const turn = away.shift();
        if (turn !== undefined) sumMs += turns.back(turn, nowMs);
      };
      for (const { waitMs, sends } of events) {
        nowMs += waitMs;
        if (away.length > 0) busyMs += waitMs;
        if (sends && away.length < 2) away.push(turns.send(nowMs));
        else back();
      }
      while (away.length > 0) back();
      t.is(sumMs, busyMs);
    }),
  );
});

test("what the way to a worker and back takes is expected of the next job", async (t) => {
  const MODEL = "gaussian-mixture-vp";
  const WAY_MS = 20;
  const { submit, workers, engine, close } = await startEngine({ models: [MODEL] });
  t.teardown(close);
  const batch = workers.batch.bind(workers);
  workers.batch = async (...asked) => {
    const answer = await batch(...asked);
    await setTimeout(WAY_MS);
    return answer;
  };
  const of = (steps: number) => {
    const value = { predictor: "euler-maruyama", corrector: "none", steps };
    return { model: MODEL, sampler: { method: { $case: "predictorCorrector", value } } } as const;
  };
  await eventsOf(submit(of(10)));
  const job = await submit(of(1000));
  for await (const { event } of job.events(0n)) {
    if (event?.$case !== "accepted") continue;
    const { seconds = 0n, nanos = 0 } = event.value.expectedDuration ?? {};
    const expectedMs = 1000 * Number(seconds) + nanos / 1e6;
    // A timer may be early by what its clock is rounded to.
    t.true(expectedMs >= 1000 * (WAY_MS - 2), `${expectedMs} ms`);
    break;
  }
  engine.cancel(job);
});
