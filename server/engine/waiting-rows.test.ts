import test from "ava";
import fc from "fast-check";
import { type Claim, WaitingRows } from "./waiting-rows.ts";

interface Row extends Claim {
  readonly id: number;
}

function waitingRows(places: number, weights: Readonly<Record<string, number>> = {}) {
  return new WaitingRows<Row>(
    places,
    (row) => row,
    (tenant) => weights[tenant] ?? 1,
  );
}

function hold(rows: WaitingRows<Row>): Row | undefined {
  const { first } = rows;
  if (first !== undefined) rows.hold(first);
  return first;
}

test("places go to whom holds the fewest for his weight, in order of arrival", (t) => {
  const rows = waitingRows(9, { a: 2 });
  for (let id = 0; id < 10; id++) rows.add({ id, tenant: "a", priority: "interactive" });
  for (let id = 10; id < 20; id++) rows.add({ id, tenant: "b", priority: "interactive" });
  const held = Array.from({ length: 9 }, () => hold(rows)?.id);
  t.deepEqual(
    held.filter((id) => id !== undefined && id < 10),
    [0, 1, 2, 3, 4, 5],
  );
  t.deepEqual(
    held.filter((id) => id !== undefined && id >= 10),
    [10, 11, 12],
  );
  t.is(rows.first, undefined);
});

test("more tenants than places take turns", (t) => {
  const rows = waitingRows(2);
  for (const [k, tenant] of ["a", "b", "c"].entries()) {
    for (let id = 10 * k; id < 10 * k + 4; id++) rows.add({ id, tenant, priority: "interactive" });
  }
  const held: Row[] = [];
  const order: string[] = [];
  for (;;) {
    for (let row = hold(rows); row !== undefined; row = hold(rows)) {
      held.push(row);
      order.push(row.tenant);
    }
    const ended = held.shift();
    if (ended === undefined) break;
    rows.release(ended);
  }
  t.is(order.join(""), "abcabcabcabc");
});

test("batch work leaves a quarter free, and has a sixteenth before all others", (t) => {
  const rows = waitingRows(32);
  const batch = Array.from({ length: 40 }, (_, id) => ({
    ...{ id, tenant: "a", priority: "batch" as const },
  }));
  for (const row of batch) rows.add(row);
  let held = 0;
  while (hold(rows) !== undefined) held++;
  t.is(held, 24);
  rows.add({ id: 100, tenant: "b", priority: "interactive" });
  t.is(hold(rows)?.id, 100);
  // Interactive work takes what becomes free, but for the last two.
  for (let id = 101; id < 140; id++) rows.add({ id, tenant: "b", priority: "interactive" });
  for (const row of batch.slice(0, 24)) {
    rows.release(row);
    while (hold(rows) !== undefined);
  }
  rows.release({ id: 100, tenant: "b", priority: "interactive" });
  t.is(rows.first?.priority, "interactive");
  t.is(rows.size, 16 - 2 + 40 - 30);
});

test("under random commands no row is lost or doubled, and no more hold a place than there are", (t) => {
  const claim = fc.record({
    tenant: fc.constantFrom("a", "b", "c"),
    priority: fc.constantFrom("interactive" as const, "batch" as const),
  });
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: claim }) },
    fc.record({ remove: fc.nat() }),
    { weight: 2, arbitrary: fc.constant("hold" as const) },
    fc.record({ release: fc.nat() }),
  );
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 150, size: "max" }),
      fc.integer({ min: 1, max: 20 }),
      (commands, places) => {
        const rows = waitingRows(places, { a: 3 });
        const waiting = new Set<Row>();
        const held: Row[] = [];
        for (const [id, one] of commands.entries()) {
          if (one === "hold") {
            const row = hold(rows);
            if (row === undefined) continue;
            t.true(waiting.delete(row));
            held.push(row);
          } else if ("add" in one) {
            const row = { ...one.add, id };
            rows.add(row);
            waiting.add(row);
          } else if ("remove" in one) {
            const row = [...waiting][one.remove % Math.max(1, waiting.size)];
            if (row === undefined) continue;
            t.true(rows.remove(row));
            t.false(rows.remove(row));
            waiting.delete(row);
          } else {
            const [row] = held.splice(one.release % Math.max(1, held.length), 1);
            if (row !== undefined) rows.release(row);
          }
          t.is(rows.size, waiting.size);
          t.true(held.length <= places);
        }
        for (const row of held) rows.release(row);
        for (let row = hold(rows); row !== undefined; row = hold(rows)) {
          t.true(waiting.delete(row));
          rows.release(row);
        }
        t.is(waiting.size, 0);
      },
    ),
  );
});
