import test from "ava";
import { deferred } from "../testing/deferred.ts";
import { InputMemory } from "./input-memory.ts";

const MIB = 1024 * 1024;

test("what is taken is given back, whether reading succeeds or fails; beside it there is no room for more", async (t) => {
  const memory = new InputMemory(10 * MIB);
  const read = deferred<string>();
  const first = memory.lend(async (share) => {
    share.take(4 * MIB);
    share.take(3 * MIB);
    return await read.promise;
  });
  t.is(memory.bytes, 7 * MIB);
  const refused = await t.throwsAsync(
    memory.lend(async (share) => {
      share.take(3 * MIB);
      share.take(2 * MIB);
    }),
  );
  t.like(refused, {
    code: "queue-full",
    retryAfterMs: 250,
    message:
      "too much is being read: 7 of 10 MiB are taken and the request's pictures and latents take 5 (--max-input-mib)",
  });
  t.is(memory.bytes, 7 * MIB);
  read.resolve("read");
  t.is(await first, "read");
  t.is(memory.bytes, 0);
  const alone = memory.lend(async (share) => share.take(11 * MIB));
  t.like(await t.throwsAsync(alone), {
    code: "too-large",
    message:
      "the request's pictures and latents take 11 MiB while they are read, expected at most 10 (--max-input-mib)",
  });
  t.is(memory.bytes, 0);
});
