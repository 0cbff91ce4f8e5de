import test from "ava";
import fc from "fast-check";
import { ServerError } from "../errors.ts";
import { IDLE_MS, OVERHEAD_BYTES, UploadStore } from "./upload-store.ts";

const TTL_MS = 600_000;
const contentType = "image/png";

/** A store whose clock stands still until a test moves it. */
function storeOf(storeBytes: number, tenantBytes = storeBytes): [UploadStore, { ms: number }] {
  const clock = { ms: 1e6 };
  const limits = { maxUploadBytes: 1e6, storeBytes, tenantBytes, ttlMs: TTL_MS };
  return [new UploadStore(limits, () => clock.ms), clock];
}

const cost = (bytes: number): number => bytes + OVERHEAD_BYTES;
const ignore = (): void => undefined;

function put(store: UploadStore, tenant: string, id: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(id.length);
  store.keep(store.reserve(tenant, size, ignore), id, { contentType, bytes });
  return bytes;
}

function refusal(run: () => unknown): ServerError {
  try {
    run();
  } catch (error) {
    if (error instanceof ServerError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

test("an upload is found by its tenant alone, until it expires", (t) => {
  const [store, clock] = storeOf(1e5);
  const bytes = put(store, "a", "id", 10);
  t.deepEqual(store.find("a", "id")?.bytes, bytes);
  t.is(store.find("b", "id"), undefined);
  t.is(store.find("a", "other"), undefined);
  clock.ms += TTL_MS - 1;
  t.truthy(store.find("a", "id"));
  clock.ms += 1;
  t.is(store.find("a", "id"), undefined);
  t.is(store.bytes, 0);
});

test("no id reaches into another tenant, however it is written", (t) => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (owner, id, other, asked) => {
      fc.pre(owner !== other || id !== asked);
      const [store] = storeOf(1e5);
      put(store, owner, id, 10);
      t.is(store.find(other, asked), undefined);
    }),
  );
  const [store] = storeOf(1e5);
  put(store, "a/b", "1", 10);
  put(store, "1:a", "x", 10);
  for (const [tenant, id] of [
    ["b", "1/a"],
    ["a", "/b:1"],
    ["", "a/b:1"],
    ["1", "a:x"],
  ] as const) {
    t.is(store.find(tenant, id), undefined);
  }
});

test("the same again takes no more room, and lives on from now", (t) => {
  const [store, clock] = storeOf(1e5);
  put(store, "a", "id", 10);
  clock.ms += TTL_MS - 1;
  put(store, "a", "id", 10);
  t.is(store.bytes, cost(10));
  clock.ms += TTL_MS - 1;
  t.truthy(store.find("a", "id"));
  clock.ms += 1;
  t.is(store.find("a", "id"), undefined);
});

test("two tenants' uploads of the same id live apart", (t) => {
  const [store, clock] = storeOf(1e5);
  put(store, "a", "id", 10);
  clock.ms += 1000;
  put(store, "b", "id", 10);
  t.is(store.bytes, 2 * cost(10));
  clock.ms += TTL_MS - 1000;
  t.is(store.find("a", "id"), undefined);
  t.truthy(store.find("b", "id"));
});

test("a full store refuses, says when there will be room, and throws nothing out", (t) => {
  const [store, clock] = storeOf(3 * cost(100));
  put(store, "a", "1", 100);
  clock.ms += 1000;
  put(store, "b", "22", 100);
  clock.ms += 1000;
  put(store, "c", "333", 100);
  const one = refusal(() => store.reserve("d", 100, ignore));
  t.is(one.code, "upload-store-full");
  t.is(one.retryAfterMs, TTL_MS - 2000);
  t.regex(
    one.message,
    /^the server's \d+ bytes of uploads are full: \d+ are taken and this upload needs 1124$/,
  );
  t.is(refusal(() => store.reserve("d", 1500, ignore)).retryAfterMs, TTL_MS);
  t.truthy(store.find("a", "1"));
  clock.ms += TTL_MS - 2000;
  put(store, "d", "4444", 100);
  t.is(store.find("a", "1"), undefined);
});

test("a tenant's share is its own", (t) => {
  const [store] = storeOf(10 * cost(100), 2 * cost(100));
  put(store, "a", "1", 100);
  put(store, "b", "1", 100);
  put(store, "a", "22", 100);
  const error = refusal(() => store.reserve("a", 1, ignore));
  t.is(error.code, "upload-store-full");
  t.is(error.retryAfterMs, TTL_MS);
  t.regex(error.message, /^this tenant's 2248 bytes of uploads are full: 2248 are taken/);
  put(store, "b", "22", 100);
});

test("what is coming takes room, and gives it back once", (t) => {
  const [store] = storeOf(cost(100));
  const coming = store.reserve("a", 100, ignore);
  t.is(store.bytes, cost(100));
  t.is(refusal(() => store.reserve("b", 1, ignore)).retryAfterMs, 1000);
  store.release(coming);
  store.release(coming);
  t.is(store.bytes, 0);
  store.keep(coming, "id", { contentType, bytes: new Uint8Array(100) });
  t.is(store.find("a", "id"), undefined, "a reservation that has ended keeps nothing");
});

test("what comes too slowly gives its room up", (t) => {
  const [store, clock] = storeOf(cost(100));
  let lapsed = 0;
  const coming = store.reserve("a", 100, () => lapsed++);
  clock.ms += IDLE_MS - 1;
  store.touch(coming);
  clock.ms += IDLE_MS - 1;
  t.throws(() => store.reserve("b", 100, ignore));
  t.is(lapsed, 0);
  clock.ms += 1;
  t.truthy(store.reserve("b", 100, ignore));
  t.is(lapsed, 1);
  store.touch(coming);
  store.release(coming);
  t.is(store.bytes, cost(100));
});

test("very many very small uploads are bounded", (t) => {
  const [store] = storeOf(100 * OVERHEAD_BYTES);
  let stored = 0;
  const fill = (): void => {
    for (;;) {
      put(store, "a", `id-${stored}`, 1);
      stored++;
    }
  };
  t.is(refusal(fill).code, "upload-store-full");
  t.is(stored, 99);
});

test("the largest upload fits into the store and into a tenant's share of it", (t) => {
  const limits = { maxUploadBytes: 1000, storeBytes: 1e6, tenantBytes: 1e6, ttlMs: 1 };
  const most = (changes: Partial<typeof limits>): number =>
    new UploadStore({ ...limits, ...changes }, () => 0).mostBytes;
  t.is(most({}), 1000);
  t.is(most({ storeBytes: 1524 }), 500);
  t.is(most({ tenantBytes: 1124 }), 100);
  t.is(most({ tenantBytes: 3 }), 0);
});
