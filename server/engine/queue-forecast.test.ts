import test from "ava";
import fc from "fast-check";
import type { Priority } from "./device-schedule.ts";
import { queueForecast, type RowForecast, type RowNeed } from "./queue-forecast.ts";
import { WaitingRows } from "./waiting-rows.ts";

/** 10 ms for a batch of up to 4. */
const COST = { limit: 4, stepMs: () => 10 };

interface Row {
  readonly name: string;
  readonly tenant: string;
  readonly priority: Priority;
  readonly evaluations: number;
  readonly elements: number;
}

function row(name: string, changes: Partial<Row> = {}): Row {
  return {
    ...{ name, tenant: "", priority: "interactive", evaluations: 10, elements: 1 },
    ...changes,
  };
}

function needOf({ priority, evaluations, elements }: Row): RowNeed {
  return { priority, cost: COST, places: 1, alone: false, evaluations, elements };
}

interface Situation {
  readonly places: number;
  readonly active: readonly Row[];
  readonly waiting: readonly Row[];
  readonly elements?: number;
  readonly weightOf?: (tenant: string) => number;
}

function forecast({ places, active, waiting, ...rest }: Situation): RowForecast<Row>[] {
  const { elements = 1000, weightOf } = rest;
  const rows = new WaitingRows<Row>(places, (one) => one, weightOf);
  for (const one of active) {
    rows.add(one);
    rows.hold(one);
  }
  for (const one of waiting) rows.add(one);
  const size = rows.size;
  const freeElements = elements - active.reduce((sum, one) => sum + one.elements, 0);
  const copy = rows.copy();
  const all = queueForecast({ nowMs: 100, waiting: copy, active, needOf, freeElements });
  // What is tried out is a copy.
  if (rows.size !== size) throw new Error("the rows themselves have changed");
  return all;
}

function shown(rows: readonly RowForecast<Row>[]): (readonly [string, number, number])[] {
  return rows.map(({ row: { name }, startMs, endMs }) => [
    name,
    Math.round(startMs),
    Math.round(endMs),
  ]);
}

test("rows begin as those before them end", (t) => {
  const rows = forecast({
    places: 2,
    active: [row("a", { evaluations: 4 }), row("b", { evaluations: 6 })],
    waiting: [row("c"), row("d"), row("e", { evaluations: 1 })],
  });
  // Two rows share a batch of 10 ms: a ends after 4, b after 6; c is alone for nothing, and d for its last evaluation.
  t.deepEqual(shown(rows), [
    ["c", 140, 240],
    ["d", 160, 260],
    ["e", 240, 250],
  ]);
});

test("more rows than a batch holds take turns", (t) => {
  const active = Array.from({ length: 8 }, (_, i) => row(`a${i}`, { evaluations: 5 }));
  const [first] = forecast({ places: 8, active, waiting: [row("b")] });
  t.is(first?.startMs, 200);
});

test("the order is that in which places are given out", (t) => {
  const rows = forecast({
    places: 2,
    active: [row("a1", { tenant: "a" }), row("a2", { tenant: "a", evaluations: 20 })],
    waiting: [
      row("a3", { tenant: "a" }),
      row("bulk", { priority: "batch" }),
      row("b1", { tenant: "b" }),
      row("a4", { tenant: "a" }),
      row("b2", { tenant: "b" }),
    ],
  });
  // Batch work has one place in 16 first; then whoever holds the fewest, and of these who has waited longest.
  t.deepEqual(
    rows.map(({ row: { name } }) => name),
    ["bulk", "a3", "b1", "a4", "b2"],
  );
});

test("rows wait for registers too", (t) => {
  const rows = forecast({
    places: 10,
    elements: 5,
    active: [row("a", { elements: 3 })],
    waiting: [row("b", { elements: 4 }), row("c", { elements: 1 })],
  });
  t.deepEqual(shown(rows), [
    ["b", 200, 300],
    ["c", 200, 300],
  ]);
});

test("one that there is never room for is left out, and so are those behind it", (t) => {
  t.deepEqual(
    forecast({ places: 2, elements: 5, active: [], waiting: [row("a", { elements: 6 })] }),
    [],
  );
});

test("batch work has its share of the device beside interactive work", (t) => {
  const rows = forecast({
    places: 2,
    active: [row("a", { evaluations: 150 }), row("bulk", { priority: "batch" })],
    waiting: [row("b", { tenant: "b" })],
  });
  // a has 15/16 of the device: 1500 ms take 1600. Ten evaluations at 1/16 of it take 1600, too.
  t.deepEqual(shown(rows), [["b", 1700, 1800]]);
});

test("a strict row has each evaluation for itself", (t) => {
  const rows = new WaitingRows<Row>(2, (one) => one);
  const [a, b, c] = [row("a"), row("b"), row("c")];
  for (const one of [a, b]) {
    rows.add(one);
    rows.hold(one);
  }
  rows.add(c);
  const alone = (one: Row): RowNeed => ({ ...needOf(one), alone: true });
  const context = { nowMs: 0, waiting: rows, active: [a, b], needOf: alone, freeElements: 100 };
  t.deepEqual(shown(queueForecast(context)), [["c", 200, 300]]);
});

test("every row that waits begins once, in order, and nobody before there is a place", (t) => {
  const rows = fc.record({
    tenant: fc.constantFrom("a", "b", "c"),
    priority: fc.constantFrom<Priority>("interactive", "batch"),
    evaluations: fc.integer({ min: 1, max: 50 }),
    elements: fc.integer({ min: 1, max: 3 }),
  });
  const property = fc.property(
    fc.array(rows, { maxLength: 8 }),
    fc.array(rows, { maxLength: 40 }),
    (held, queued) => {
      const named = (all: readonly Omit<Row, "name">[]): Row[] =>
        all.map((one, i) => ({ ...one, name: `${i}` }));
      const [active, waiting] = [named(held), named(queued)];
      const weightOf = (tenant: string) => (tenant === "a" ? 3 : 1);
      const all = forecast({ places: 8, active, waiting, weightOf });
      const begun = new Set(all.map(({ row: one }) => one));
      if (begun.size !== waiting.length || !waiting.every((one) => begun.has(one))) return false;
      return all.every(({ row: one, startMs, endMs }, i) => {
        const inOrder = startMs >= (all[i - 1]?.startMs ?? 100);
        // A row's own part of its batches' time, at least.
        const worked = endMs - startMs >= (10 * one.evaluations) / 4 - 1e-6;
        const running = all.filter((other) => other.startMs <= startMs && other.endMs > startMs);
        return inOrder && worked && running.length <= 8;
      });
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});
