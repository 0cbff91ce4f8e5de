import test from "ava";
import {
  type DeepPartial,
  JobEvent,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { EventQueue } from "./event-queue.ts";
import { connectionLost } from "./scorestream-error.ts";

function event(
  sequence: number,
  $case: "queued" | "progress" | "preview" | "sampled" | "completed",
  row = 0,
): JobEvent {
  const value = $case === "completed" || $case === "queued" ? {} : { row };
  const happened = { $case, value } as NonNullable<DeepPartial<JobEvent>["event"]>;
  return JobEvent.fromPartial({ sequence, event: happened });
}

async function rest(queue: EventQueue): Promise<number[]> {
  const read: number[] = [];
  for (let next = await queue.next(); next !== undefined; next = await queue.next()) {
    read.push(Number(next.sequence));
  }
  return read;
}

test("a slow reader gets the newest preview and progress of each row, and every result", async (t) => {
  const queue = new EventQueue(() => t.fail("it was not left"));
  const events = [
    event(1, "progress"),
    event(2, "preview"),
    event(3, "preview", 1),
    event(4, "sampled", 1),
    event(5, "progress"),
    event(6, "preview"),
    event(7, "sampled"),
  ];
  for (const one of events) t.false(queue.push(one));
  t.true(queue.push(event(8, "completed")));
  t.deepEqual(await rest(queue), [3, 4, 5, 6, 7, 8]);
  t.is(await queue.next(), undefined);
});

test("a slow reader gets the newest word of where its job stands", async (t) => {
  const queue = new EventQueue(() => t.fail("it was not left"));
  for (const sequence of [1, 2, 3]) queue.push(event(sequence, "queued"));
  queue.push(event(4, "completed"));
  t.deepEqual(await rest(queue), [3, 4]);
});

test("a reader that waits gets what comes, and a failure after what came before it", async (t) => {
  const queue = new EventQueue(() => t.fail("it was not left"));
  const waiting = queue.next();
  queue.push(event(1, "progress"));
  t.is((await waiting)?.sequence, 1n);
  queue.push(event(2, "sampled"));
  queue.fail(connectionLost("lost"));
  t.is((await queue.next())?.sequence, 2n);
  await t.throwsAsync(queue.next(), { message: "lost" });
});

test("leaving lets a reader that waits go, and the server is told once", async (t) => {
  const told: boolean[] = [];
  const queue = new EventQueue(async (forGood) => {
    told.push(forGood);
    return true;
  });
  const waiting = queue.next();
  t.true(await queue.leaveForGood());
  queue.leave();
  t.is(await waiting, undefined);
  t.deepEqual(told, [true]);
});

test("who leaves for good what was lost learns that the server does not know", async (t) => {
  const queue = new EventQueue(() => t.fail("there is no connection to say it on"));
  queue.fail(connectionLost("lost"));
  queue.leave();
  t.false(await queue.leaveForGood());
});

test("a preview that is replaced goes with its parts, read or not", async (t) => {
  const queue = new EventQueue(() => t.fail("it was not left"));
  const part = (sequence: number): JobEvent =>
    JobEvent.fromPartial({ sequence, event: { $case: "part", value: {} } });
  const waiting = queue.next();
  t.false(queue.push(part(1)));
  queue.push(part(1));
  queue.push(event(2, "preview"));
  t.is((await waiting)?.event?.$case, "part");
  queue.push(part(2));
  queue.push(event(3, "preview"));
  queue.push(part(3));
  queue.push(event(4, "sampled"));
  queue.push(event(5, "completed"));
  t.deepEqual(await rest(queue), [2, 3, 3, 4, 5]);
});
