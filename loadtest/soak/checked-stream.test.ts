import test from "ava";
import {
  type Image,
  type JobEvent,
  SampleRequest,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { accepted, completed } from "../../server/testing/scripted-service.ts";
import { type Checked, CheckedStream } from "./checked-stream.ts";

type Happening = NonNullable<JobEvent["event"]>;

function sampled(row: number, bytes = 1): Happening {
  const image: Image = { format: 1, shape: undefined, data: Buffer.alloc(bytes) };
  return { $case: "sampled", value: { row, image, evaluations: 1n } };
}

/** What is said of a job of two samples that sends these events under these numbers. */
function checked(
  events: readonly (readonly [number, Happening])[],
  code?: string,
  left = false,
): Checked {
  const value = SampleRequest.fromPartial({ count: 2 });
  const stream = new CheckedStream({ $case: "sample", value });
  for (const [sequence, event] of events) {
    stream.take({ jobId: "a", sequence: BigInt(sequence), event });
  }
  return stream.end(code, left);
}

test("a whole stream is right, and what was replaced is counted", (t) => {
  const events = [
    [1, accepted()],
    [4, sampled(1)],
    [5, sampled(0)],
    [6, completed()],
  ] as const;
  t.deepEqual(checked(events), { fault: undefined, skipped: 2 });
});

test("a stream that its reader has left may end anywhere", (t) => {
  t.is(checked([[1, accepted()]], "left", true).fault, undefined);
});

const WRONG: Readonly<Record<string, readonly (readonly [number, Happening])[]>> = {
  "sampled as event 1 first": [[1, sampled(0)]],
  "accepted as event 2 first": [[2, accepted()]],
  "event 2 after 2": [
    [1, accepted()],
    [2, sampled(0)],
    [2, sampled(1)],
  ],
  "a result twice": [
    [1, accepted()],
    [2, sampled(0)],
    [3, sampled(0)],
  ],
  "a result with nothing in it": [
    [1, accepted()],
    [2, sampled(0, 0)],
  ],
  "sampled after completed": [
    [1, accepted()],
    [2, completed()],
    [3, sampled(0)],
  ],
  "ended with 1 of 2 results": [
    [1, accepted()],
    [2, sampled(0)],
    [3, completed()],
  ],
};

for (const [fault, events] of Object.entries(WRONG)) {
  test(`seen: ${fault}`, (t) => {
    t.is(checked(events).fault, fault);
  });
}

test("a job that fails is told by its code", (t) => {
  t.is(checked([[1, accepted()]], "connection-lost").fault, "connection-lost");
});
