import { once } from "node:events";
import { Readable } from "node:stream";
import { type ClientReadableStream, status } from "@grpc/grpc-js";
import test from "ava";
import { JobEvent } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { CallStream } from "./call-stream.ts";

/** What grpc-js gives for a call, as far as a CallStream uses it, with such events and then its end. */
class Call extends Readable {
  cancels = 0;

  constructor(events: readonly JobEvent[]) {
    super({ objectMode: true, read: () => undefined });
    for (const event of events) this.push(event);
    this.push(null);
  }

  cancel(): void {
    this.cancels++;
    this.destroy(Object.assign(new Error("1 CANCELLED"), { code: status.CANCELLED }));
  }

  get stream(): CallStream {
    return new CallStream(this as unknown as ClientReadableStream<JobEvent>);
  }
}

const accepted = JobEvent.fromPartial({ event: { $case: "accepted", value: {} } });
const completed = JobEvent.fromPartial({ event: { $case: "completed", value: {} } });

test("a call whose job has completed is read to its end when it is left, and not reset", async (t) => {
  const call = new Call([accepted, completed]);
  const { stream } = call;
  t.is((await stream.next())?.event?.$case, "accepted");
  t.is((await stream.next())?.event?.$case, "completed");
  t.false(call.readableEnded);
  const end = once(call, "close");
  stream.leave();
  await end;
  t.true(call.readableEnded);
  t.is(call.cancels, 0);
});

test("a call whose job runs is reset when it is left, so that the server hears of it", async (t) => {
  const call = new Call([accepted, completed]);
  const { stream } = call;
  t.is((await stream.next())?.event?.$case, "accepted");
  stream.leave();
  t.is(call.cancels, 1);
  t.is(await stream.next(), undefined);
});
