import test from "ava";
import { RememberedJobs } from "./remembered-jobs.ts";

/** As much of a browser's storage as is used. */
function storage(full = false): Storage {
  const items = new Map<string, string>();
  const made = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem(key: string, value: string) {
      if (full) throw new DOMException("full", "QuotaExceededError");
      items.set(key, value);
    },
  };
  return made as unknown as Storage;
}

function job(id: string) {
  return { id, task: "generate", model: "color-digits", title: "Samples", details: "seed 7" };
}

test("jobs are kept in order, once each, until they are removed", (t) => {
  const kept = storage();
  for (const id of ["a", "b", "a", "c"]) new RememberedJobs(kept).add(job(id));
  new RememberedJobs(kept).remove("b");
  t.deepEqual(new RememberedJobs(kept).all(), [job("a"), job("c")]);
});

test("what can't be read, or be kept, is nothing", (t) => {
  const kept = storage();
  for (const text of ["{", "3", "null", '[{"id": 3}, 4, null]']) {
    kept.setItem("scorestream-jobs", text);
    t.deepEqual(new RememberedJobs(kept).all(), [], text);
  }
  const full = new RememberedJobs(storage(true));
  t.notThrows(() => full.add(job("a")));
  t.deepEqual(full.all(), []);
});
