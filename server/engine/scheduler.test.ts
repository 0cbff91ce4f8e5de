import test from "ava";
import fc from "fast-check";
import { Scheduler } from "./scheduler.ts";

function scheduler(limits: Record<string, number>): Scheduler<string> {
  const made = new Scheduler<string>();
  for (const [lane, limit] of Object.entries(limits)) made.open(lane, limit);
  return made;
}

test("rows run in the order they became ready, up to the lane's limit", (t) => {
  const rows = scheduler({ a: 2 });
  for (const row of ["1", "2", "3"]) rows.add("a", row);
  t.deepEqual(rows.next(), { lane: "a", rows: ["1", "2"] });
  rows.add("a", "1");
  t.deepEqual(rows.next(), { lane: "a", rows: ["3", "1"] });
  t.is(rows.next(), undefined);
});

test("the lane whose first row has waited longest is next", (t) => {
  const rows = scheduler({ a: 4, b: 4 });
  rows.add("b", "1");
  rows.add("a", "2");
  rows.add("b", "3");
  t.deepEqual(rows.next(), { lane: "b", rows: ["1", "3"] });
  t.deepEqual(rows.next(), { lane: "a", rows: ["2"] });
});

test("behind a batch that runs, only a full one is chosen", (t) => {
  const rows = scheduler({ a: 3, b: 2 });
  for (const row of ["1", "2"]) rows.add("a", row);
  t.is(rows.next(true), undefined);
  for (const row of ["3", "4"]) rows.add("b", row);
  t.deepEqual(rows.next(true), { lane: "b", rows: ["3", "4"] });
  t.deepEqual(rows.next(), { lane: "a", rows: ["1", "2"] });
});

test("a row marked alone shares with nobody", (t) => {
  const rows = scheduler({ a: 4 });
  rows.add("a", "1");
  rows.add("a", "poisoned", { alone: true });
  rows.add("a", "2");
  t.deepEqual(rows.next(), { lane: "a", rows: ["1", "2"] });
  t.deepEqual(rows.next(), { lane: "a", rows: ["poisoned"] });
});

test("wrong calls are refused", (t) => {
  const rows = scheduler({ a: 1 });
  t.throws(() => rows.open("a", 1), { message: /open already/ });
  t.throws(() => rows.open("b", 0), { message: /seen 0/ });
  t.throws(() => rows.add("c", "1"), { message: /no lane c/ });
  rows.add("a", "1");
  t.throws(() => rows.add("a", "1"), { message: /ready already/ });
});

test("under random commands no row is lost, doubled or chosen after it was taken out", (t) => {
  const lane = fc.constantFrom("a", "b", "c");
  const command = fc.oneof(
    fc.record({ add: lane, alone: fc.boolean() }),
    fc.record({ remove: fc.nat() }),
    fc.record({ next: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const limits: Record<string, number> = { a: 1, b: 3, c: 16 };
      const rows = scheduler(limits);
      const ready = new Map<string, { lane: string; alone: boolean }>();
      let made = 0;
      const take = (full: boolean): boolean => {
        const choice = rows.next(full);
        if (choice === undefined) return false;
        const { lane: name, rows: chosen } = choice;
        t.true(chosen.length >= 1 && chosen.length <= (limits[name] ?? 0));
        for (const row of chosen) {
          t.is(ready.get(row)?.lane, name);
          if (ready.get(row)?.alone) t.is(chosen.length, 1);
          ready.delete(row);
        }
        return true;
      };
      for (const one of commands) {
        if ("add" in one) {
          const row = `row ${made++}`;
          rows.add(one.add, row, { alone: one.alone });
          ready.set(row, { lane: one.add, alone: one.alone });
        } else if ("remove" in one) {
          const [row, place] = [...ready][one.remove % Math.max(1, ready.size)] ?? [];
          if (row === undefined || place === undefined) continue;
          t.true(rows.remove(place.lane, row));
          t.false(rows.remove(place.lane, row));
          ready.delete(row);
        } else take(one.next);
        t.is(rows.size, ready.size);
      }
      while (take(false));
      t.is(ready.size, 0);
    }),
  );
});
