import test from "ava";
import fc from "fast-check";
import { Suspects } from "./suspects.ts";

/** Runs every row of a batch past its step, where those that break a batch break any that they are in. */
function settle(rows: readonly number[], breaking: ReadonlySet<number>) {
  const suspects = new Suspects<number>();
  const passed: number[] = [];
  const blamed: number[] = [];
  const sizes: number[] = [];
  let batch: { rows: readonly number[]; failures: number } | undefined = { rows, failures: 0 };
  for (; batch !== undefined; batch = suspects.next(() => true)) {
    sizes.push(batch.rows.length);
    if (!batch.rows.some((row) => breaking.has(row))) passed.push(...batch.rows);
    else {
      const culprit = suspects.failed({ lane: "a", ...batch }, 3);
      if (culprit !== undefined) blamed.push(culprit);
    }
  }
  return { passed, blamed, sizes };
}

test("one culprit in sixteen is found by halves, and the others run on in what company is left", (t) => {
  const rows = Array.from({ length: 16 }, (_, i) => i);
  const { passed, blamed, sizes } = settle(rows, new Set([5]));
  t.deepEqual(blamed, [5]);
  t.deepEqual(
    passed.toSorted((a, b) => a - b),
    rows.filter((row) => row !== 5),
  );
  // Row 4 passes by itself, row 5 is tried three times, and then the other halves, the last first.
  t.deepEqual(sizes, [16, 16, 8, 4, 4, 2, 1, 1, 1, 1, 2, 8]);
});

test("whatever rows break it, no row is lost, doubled or wrongly blamed", (t) => {
  const rows = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 64 });
  const cases = rows.chain((all) => fc.tuple(fc.constant(all), fc.subarray([...all])));
  fc.assert(
    fc.property(cases, ([all, bad]) => {
      const { passed, blamed, sizes } = settle(all, new Set(bad));
      const ascending = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
      t.deepEqual(ascending(blamed), ascending(bad));
      t.deepEqual(ascending(passed), ascending(all.filter((row) => !bad.includes(row))));
      // A culprit alone costs its two batches, a failure a halving, its tries alone and a success a halving.
      const bound = bad.length === 0 ? 1 : 2 + bad.length * (2 * Math.ceil(Math.log2(64)) + 3);
      t.true(sizes.length <= bound, `${sizes.length} batches`);
    }),
    { numRuns: 300, seed: 6 },
  );
});

test("a failure that does not come again costs one batch more, in the same company", (t) => {
  const suspects = new Suspects<number>();
  t.is(suspects.failed({ lane: "a", rows: [1, 2, 3], failures: 0 }, 3), undefined);
  t.deepEqual(
    suspects.next(() => true),
    { lane: "a", rows: [1, 2, 3], failures: 1 },
  );
  t.is(
    suspects.next(() => true),
    undefined,
  );
});

test("a row that ends while it waits is gone, and leaves no empty batch behind", (t) => {
  const suspects = new Suspects<number>();
  suspects.failed({ lane: "a", rows: [1, 2], failures: 1 }, 3);
  t.true(suspects.remove(1));
  t.false(suspects.remove(1));
  t.is(suspects.size, 1);
  t.deepEqual(suspects.next(() => true)?.rows, [2]);
  suspects.failed({ lane: "a", rows: [], failures: 1 }, 3);
  t.is(
    suspects.next(() => true),
    undefined,
  );
});
