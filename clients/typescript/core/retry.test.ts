import test from "ava";
import { Backoff, retrying } from "./retry.ts";
import { connectionLost, ScoreStreamError } from "./scorestream-error.ts";

const lost = connectionLost("lost");
const queueFull = (retryAfterMs: number): ScoreStreamError =>
  new ScoreStreamError({
    code: "queue-full",
    status: "RESOURCE_EXHAUSTED",
    message: "full",
    retryAfterMs,
  });

test("waits are doubled up to the longest, drawn from their upper half, and end with the attempts", (t) => {
  const waits = (random: number): (number | undefined)[] => {
    const backoff = new Backoff({ attempts: 7, maxDelayMs: 1000 }, () => random);
    return Array.from({ length: 7 }, () => backoff.delayAfter(lost));
  };
  t.deepEqual(waits(1), [100, 200, 400, 800, 1000, 1000, undefined]);
  t.deepEqual(waits(0), [50, 100, 200, 400, 500, 500, undefined]);
});

test("a success begins the count and the waits anew", (t) => {
  const backoff = new Backoff({ attempts: 3 }, () => 1);
  t.deepEqual([backoff.delayAfter(lost), backoff.delayAfter(lost)], [100, 200]);
  backoff.reset();
  t.deepEqual(
    [1, 2, 3].map(() => backoff.delayAfter(lost)),
    [100, 200, undefined],
  );
});

test("what the server asks for is waited, or not worth waiting for", (t) => {
  const wait = (retryAfterMs: number, random: number): number | undefined =>
    new Backoff({ maxDelayMs: 4000 }, () => random).delayAfter(queueFull(retryAfterMs));
  t.deepEqual([wait(4000, 0), wait(4000, 1), wait(10, 0)], [4000, 5000, 50]);
  t.is(wait(4001, 0), undefined);
});

test("options out of range are refused with the value seen", (t) => {
  for (const attempts of [0, 1.5, Number.NaN]) {
    t.throws(() => new Backoff({ attempts }), {
      instanceOf: RangeError,
      message: `retry.attempts: seen ${attempts}, expected a whole number >= 1`,
    });
  }
  t.throws(() => new Backoff({ maxDelayMs: -1 }), { message: /^retry\.maxDelayMs: seen -1/ });
});

/** A call that fails in turn with each error given, and then succeeds. */
function failing(...errors: readonly Error[]): () => Promise<number> {
  let calls = 0;
  return async () => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return calls;
  };
}

test("a call is made again after what may pass, and not after anything else", async (t) => {
  t.is(await retrying(failing(lost, queueFull(0)), {}), 3);
  const wrong = new ScoreStreamError({ code: "invalid-argument", status: "", message: "x: seen" });
  t.is(await t.throwsAsync(retrying(failing(lost, wrong), {})), wrong);
  t.is(await t.throwsAsync(retrying(failing(lost, lost), { retry: { attempts: 2 } })), lost);
  t.is(await t.throwsAsync(retrying(failing(lost), { retry: false })), lost);
});

test("a signal ends a call, and the wait for the next one", async (t) => {
  const abort = new AbortController();
  const waiting = retrying(failing(queueFull(9000)), { signal: abort.signal });
  abort.abort("why");
  const error = await t.throwsAsync(waiting, { instanceOf: ScoreStreamError });
  t.deepEqual([error?.status, error?.cause], ["CANCELLED", "why"]);
  const never = retrying(() => new Promise(() => {}), { signal: AbortSignal.timeout(1) });
  t.is((await t.throwsAsync(never, { instanceOf: ScoreStreamError }))?.status, "CANCELLED");
});
