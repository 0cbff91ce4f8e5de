import test from "ava";
import { BoundedCache } from "./bounded-cache.ts";

test("those used longest ago go, by number and by bytes", (t) => {
  const cache = new BoundedCache<string>({ entries: 3, bytes: 100 });
  for (const key of ["a", "b", "c"]) cache.set(key, key, 30);
  t.is(cache.get("a"), "a");
  cache.set("d", "d", 10); // four are too many
  t.deepEqual(
    ["a", "b", "c", "d"].map((key) => cache.get(key)),
    ["a", undefined, "c", "d"],
  );
  t.is(cache.bytes, 70);
  cache.set("e", "e", 60); // a is the oldest; without it 100 are left
  t.deepEqual(
    ["a", "c", "d", "e"].map((key) => cache.get(key)),
    [undefined, "c", "d", "e"],
  );
  t.is(cache.bytes, 100);
  cache.set("f", "f", 90); // not one beside it has room
  t.deepEqual(
    ["c", "d", "e", "f"].map((key) => cache.get(key)),
    [undefined, undefined, undefined, "f"],
  );
});

test("one that is too large alone is not kept, and throws out none; a key's new value takes the old one's place", (t) => {
  const cache = new BoundedCache<number>({ entries: 3, bytes: 100 });
  cache.set("a", 1, 40);
  cache.set("b", 2, 101);
  t.deepEqual([cache.get("a"), cache.get("b"), cache.bytes], [1, undefined, 40]);
  cache.set("a", 3, 100);
  t.deepEqual([cache.get("a"), cache.bytes], [3, 100]);
  cache.drop((value) => value === 3);
  t.deepEqual([cache.get("a"), cache.bytes], [undefined, 0]);
});
