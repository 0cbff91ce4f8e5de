import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { ImageFormat, type JobEvent } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { checkPartBytes, inParts } from "./parts.ts";

const shape = { channels: 3, height: 2, width: 2 };

function sampled(data: Buffer): JobEvent {
  const image = { format: ImageFormat.IMAGE_FORMAT_PNG, shape, data };
  const value = { row: 1, image, evaluations: 7n };
  return { jobId: "job", sequence: 9n, event: { $case: "sampled", value } };
}

function encoded(float32: Buffer): JobEvent {
  const value = { row: 1, latent: { shape, float32 }, evaluations: 7n };
  return { jobId: "job", sequence: 9n, event: { $case: "encoded", value } };
}

test("parts are all of an event's bytes in order, none larger than asked for, and then comes the event without them", (t) => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(
      bytes,
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      (data, partBytes, isLatent) => {
        const whole = isLatent ? encoded(data) : sampled(data);
        const messages = [...inParts(whole, partBytes)];
        const last = messages.pop();
        if (data.length <= partBytes) {
          t.is(last, whole);
          t.deepEqual(messages, []);
          return;
        }
        t.deepEqual(last, isLatent ? encoded(Buffer.alloc(0)) : sampled(Buffer.alloc(0)));
        const pieces = messages.map(({ jobId, sequence, event }, i) => {
          t.deepEqual([jobId, sequence], ["job", 8n]);
          if (event?.$case !== "part") throw new Error(`seen ${event?.$case}`);
          const { offset, sizeBytes, sha256 } = event.value;
          t.deepEqual([offset, sizeBytes], [BigInt(i * partBytes), BigInt(data.length)]);
          const hash = createHash("sha256").update(data).digest("hex");
          t.is(sha256, i === messages.length - 1 ? hash : "");
          t.true(event.value.data.length <= partBytes);
          return event.value.data;
        });
        t.deepEqual(Buffer.concat(pieces), data);
        t.is(messages.length, Math.ceil(data.length / partBytes));
      },
    ),
    { numRuns: 200 },
  );
});

test("parts are made as they are taken, out of the event's own memory", (t) => {
  const data = Buffer.alloc(100);
  const first = inParts(sampled(data), 40).next().value;
  const part = first?.event?.$case === "part" ? first.event.value.data : undefined;
  t.is(part?.buffer, data.buffer);
});

test("without a part's size, and of an event without bytes, nothing is divided", (t) => {
  const whole = sampled(Buffer.alloc(100));
  t.deepEqual([...inParts(whole, 0)], [whole]);
  const queued = { rowsAhead: 1n, expectedWait: undefined, expectedDuration: undefined };
  const other: JobEvent = { jobId: "job", sequence: 2n, event: { $case: "queued", value: queued } };
  t.deepEqual([...inParts(other, 1)], [other]);
});

test("parts are as large as what they cost, or none", (t) => {
  for (const good of [0, 4096, 1_000_000]) t.is(checkPartBytes("part_bytes", good), good);
  t.throws(() => checkPartBytes("options.part_bytes", 4095), {
    message: "options.part_bytes: seen 4095, expected at least 4096, or 0 for no parts",
  });
});
