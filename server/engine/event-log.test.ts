import test from "ava";
import type { JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { EventLog, type Happening } from "./event-log.ts";

function progress(row: number, evaluations: number): Happening {
  return {
    $case: "progress",
    value: { row, evaluations: BigInt(evaluations), time: 1, fraction: 0 },
  };
}

async function read(log: EventLog, after = 0n): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of log.after(after)) events.push(event);
  return events;
}

test("a reader who keeps up sees every event, numbered from 1", async (t) => {
  const log = new EventLog("job");
  const reading = read(log);
  for (let i = 0; i < 5; i++) {
    log.append(progress(0, i), "progress/0");
    await new Promise(setImmediate);
  }
  log.end();
  t.deepEqual(
    (await reading).map(({ sequence }) => sequence),
    [1n, 2n, 3n, 4n, 5n],
  );
});

test("a reader who comes late sees the latest of each key, and everything that has none", async (t) => {
  const log = new EventLog("job");
  log.append(progress(9, 9));
  for (let i = 0; i < 1000; i++) log.append(progress(i % 2, i), `progress/${i % 2}`);
  log.append(progress(9, 9));
  log.end();
  t.is(log.size, 4);
  t.deepEqual(
    (await read(log)).map(({ sequence }) => sequence),
    [1n, 1000n, 1001n, 1002n],
  );
  t.deepEqual(
    (await read(log, 1000n)).map(({ sequence }) => sequence),
    [1001n, 1002n],
  );
});

test("the log is bounded however much is replaced", (t) => {
  const log = new EventLog("job");
  for (let i = 0; i < 100_000; i++) log.append(progress(0, i), "progress/0");
  t.is(log.size, 1);
});

test("no error comes to a closed reader", async (t) => {
  const log = new EventLog("job");
  const events = log.after(0n);
  const next = events.next();
  events.close();
  log.end(new ServerError("cancelled", "gone"));
  t.true((await next).done);
  t.true((await events.next()).done);
});

test("an error comes after the last event", async (t) => {
  const log = new EventLog("job");
  log.append(progress(0, 1));
  log.end(new ServerError("cancelled", "gone"));
  const events = log.after(0n);
  t.is((await events.next()).value?.sequence, 1n);
  await t.throwsAsync(events.next(), { instanceOf: ServerError, message: "gone" });
});

test("a closed reader is done at once, and others go on", async (t) => {
  const log = new EventLog("job");
  const events = log.after(0n);
  const next = events.next();
  const other = read(log);
  events.close();
  t.true((await next).done);
  log.append(progress(0, 1));
  log.end();
  t.true((await events.next()).done);
  t.is((await other).length, 1);
});
