import test from "ava";
import fc from "fast-check";
import { type Choice, type Readiness, Scheduler } from "./scheduler.ts";

const FLAT = (): number => 10;

function scheduler(limits: Record<string, number>, stepMs: (places: number) => number = FLAT) {
  const made = new Scheduler<string>();
  for (const [lane, limit] of Object.entries(limits)) made.open(lane, { limit, stepMs });
  return made;
}

/** The next batch, which is back at once. */
function take(rows: Scheduler<string>, nowMs = 0): Choice<string> | undefined {
  const choice = rows.next(nowMs);
  if (choice !== undefined) rows.back(choice);
  return choice;
}

test("rows run in the order they became ready, up to the lane's limit", (t) => {
  const rows = scheduler({ a: 2 });
  for (const row of ["1", "2", "3"]) rows.add("a", row);
  t.deepEqual(take(rows), { lane: "a", rows: ["1", "2"] });
  rows.add("a", "1");
  t.deepEqual(take(rows), { lane: "a", rows: ["3", "1"] });
  t.is(take(rows), undefined);
});

test("of one tenant's lanes, the one whose first row has waited longest is next", (t) => {
  const rows = scheduler({ a: 4, b: 4 });
  rows.add("b", "1");
  rows.add("a", "2");
  rows.add("b", "3");
  t.deepEqual(take(rows), { lane: "b", rows: ["1", "3"] });
  t.deepEqual(take(rows), { lane: "a", rows: ["2"] });
});

test("behind a batch that runs, only one is chosen that waiting would not make fuller", (t) => {
  const rows = scheduler({ a: 3, b: 2 });
  for (const row of ["1", "2"]) rows.add("a", row);
  const away = rows.next(0);
  t.deepEqual(away?.rows, ["1", "2"]);
  rows.add("a", "3");
  t.is(rows.next(0, { full: true }), undefined);
  // Nothing of lane b is away: its only row gains nothing by waiting, and must not wait for ever behind lane a.
  rows.add("b", "4");
  t.deepEqual(rows.next(0, { full: true }), { lane: "b", rows: ["4"] });
  for (const row of ["5", "6"]) rows.add("b", row);
  t.deepEqual(rows.next(0, { full: true }), { lane: "b", rows: ["5", "6"] });
  if (away !== undefined) rows.back(away);
  t.deepEqual(rows.next(0, { full: true }), { lane: "a", rows: ["3"] });
});

test("a row marked alone shares with nobody", (t) => {
  const rows = scheduler({ a: 4 });
  rows.add("a", "1");
  rows.add("a", "poisoned", { alone: true });
  rows.add("a", "2");
  t.deepEqual(take(rows), { lane: "a", rows: ["1", "2"] });
  t.deepEqual(take(rows), { lane: "a", rows: ["poisoned"] });
});

test("a row that takes several places counts them, and runs even where it takes more than there are", (t) => {
  const rows = scheduler({ a: 4 });
  for (const row of ["1", "2", "3"]) rows.add("a", row, { places: 2 });
  rows.add("a", "wide", { places: 5 });
  t.deepEqual(take(rows)?.rows, ["1", "2"]);
  t.deepEqual(take(rows)?.rows, ["3"]);
  t.deepEqual(take(rows)?.rows, ["wide"]);
});

test("an interactive row among 500 batch rows is in its lane's next batch, first of all", (t) => {
  const rows = scheduler({ a: 8, b: 8 });
  for (let i = 0; i < 500; i++) rows.add(i % 2 === 0 ? "a" : "b", `${i}`, { priority: "batch" });
  for (let i = 0; i < 5; i++) take(rows);
  rows.add("b", "interactive", { priority: "interactive" });
  const choice = take(rows);
  t.is(choice?.lane, "b");
  t.is(choice?.rows[0], "interactive");
  t.is(choice?.rows.length, 8);
});

test("batch work gets its share however much interactive work there is", (t) => {
  for (const [lanes, limit] of [
    [["a", "a"], 64],
    [["a", "b"], 1],
    [["a", "b"], 8],
  ] as const) {
    const rows = scheduler({ a: limit, b: limit });
    for (let i = 0; i < 4 * limit; i++) {
      rows.add(lanes[0], `interactive ${i}`, { priority: "interactive" });
      rows.add(lanes[1], `batch ${i}`, { priority: "batch" });
    }
    let time = 0;
    let batch = 0;
    for (let i = 0; i < 1000; i++) {
      const choice = rows.next(0);
      if (choice === undefined) return t.fail();
      time++;
      const ofBatch = choice.rows.filter((row) => row.startsWith("batch"));
      batch += ofBatch.length / choice.rows.length;
      for (const row of choice.rows) {
        const priority = row.startsWith("batch") ? "batch" : "interactive";
        rows.add(choice.lane, row, { priority });
      }
      rows.back(choice);
    }
    t.true(Math.abs(batch / time - 1 / 16) < 0.01, `${limit}: ${batch / time}`);
  }
});

test("a deadline at risk goes before fair order, and waits its turn while it is not", (t) => {
  const rows = scheduler({ a: 1 });
  const deadline = { deadlineMs: 1000, evaluations: 10, tenant: "late" } as const;
  for (const row of ["1", "2"]) rows.add("a", row, { tenant: "other" });
  rows.add("a", "deadline", deadline);
  t.deepEqual(take(rows)?.rows, ["1"]);
  // 10 evaluations of 10 ms in every other batch, counted twice, are 400 ms; four batches more may come between.
  t.deepEqual(take(rows, 1000 - 400 - 40)?.rows, ["deadline"]);
});

test("of deadlines at risk the earliest goes first, and work that adds up puts all of it at risk", (t) => {
  const rows = scheduler({ a: 1 });
  const later = { tenant: "other", deadlineMs: 1e6 };
  rows.add("a", "other", later);
  for (let i = 0; i < 20; i++) {
    rows.add("a", `${i}`, { deadlineMs: 1020 - i, evaluations: 4 });
  }
  // Each by itself could wait until 800, but together they need 4 * 20 * 10 ms, counted twice.
  t.deepEqual(take(rows, 0)?.rows, ["19"]);
  t.deepEqual(take(rows, 0)?.rows, ["18"]);
  const light = scheduler({ a: 1 });
  light.add("a", "other", later);
  for (let i = 0; i < 10; i++) light.add("a", `${i}`, { deadlineMs: 1020 - i, evaluations: 4 });
  t.deepEqual(take(light, 0)?.rows, ["other"]);
});

test("fair order gets an eighth while every deadline is at risk, and every tenant its part of that", (t) => {
  const rows = scheduler({ a: 1 });
  const urgent = { deadlineMs: 0, tenant: "urgent" };
  for (let i = 0; i < 4; i++) {
    rows.add("a", `urgent ${i}`, urgent);
    rows.add("a", `plain ${i}`, { tenant: "plain" });
  }
  let plain = 0;
  for (let i = 0; i < 800; i++) {
    const choice = rows.next(1000);
    const [row] = choice?.rows ?? [];
    if (choice === undefined || row === undefined) return t.fail();
    if (row.startsWith("plain")) plain++;
    rows.add("a", row, row.startsWith("plain") ? { tenant: "plain" } : urgent);
    rows.back(choice);
  }
  t.true(Math.abs(plain - 50) <= 3, `${plain}`);
});

test("each device has lanes of its own", (t) => {
  const rows = new Scheduler<string>();
  rows.open("a", { limit: 2, stepMs: FLAT, device: "gpu 0" });
  rows.open("b", { limit: 2, stepMs: FLAT, device: "gpu 1" });
  rows.add("a", "1");
  rows.add("b", "2");
  t.is(rows.next(0), undefined);
  t.deepEqual(rows.next(0, { device: "gpu 1" })?.rows, ["2"]);
  t.is(rows.next(0, { device: "gpu 1" }), undefined);
  t.deepEqual(rows.next(0, { device: "gpu 0" })?.rows, ["1"]);
});

test("wrong calls are refused", (t) => {
  const rows = scheduler({ a: 1 });
  t.throws(() => rows.open("a", { limit: 1, stepMs: FLAT }), { message: /open already/ });
  t.throws(() => rows.open("b", { limit: 0, stepMs: FLAT }), { message: /seen 0/ });
  t.throws(() => rows.setLimit("a", 1.5), { message: /seen 1.5/ });
  t.throws(() => rows.add("c", "1"), { message: /no lane c/ });
  rows.add("a", "1");
  t.throws(() => rows.add("a", "1"), { message: /ready already/ });
  const choice = rows.next(0);
  if (choice === undefined) return t.fail();
  rows.back(choice);
  t.throws(() => rows.back(choice), { message: /not away/ });
  const weighted = new Scheduler<string>({ weightOf: () => 0 });
  weighted.open("a", { limit: 1, stepMs: FLAT });
  t.throws(() => weighted.add("a", "1"), { message: /weight .* seen 0/ });
});

test("under random commands no row is lost, doubled or chosen after it was taken out, and bounds hold", (t) => {
  const lane = fc.constantFrom("a", "b", "c", "d");
  const readiness = fc.record({
    alone: fc.boolean(),
    places: fc.integer({ min: 1, max: 3 }),
    priority: fc.constantFrom("interactive", "batch"),
    tenant: fc.constantFrom("x", "y", "z"),
    deadlineMs: fc.option(fc.integer({ min: 0, max: 2000 }), { nil: undefined }),
    evaluations: fc.integer({ min: 1, max: 20 }),
  });
  const command = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: lane, as: readiness }) },
    fc.record({ remove: fc.nat() }),
    { weight: 2, arbitrary: fc.record({ next: fc.boolean(), device: fc.constantFrom("0", "1") }) },
    { weight: 2, arbitrary: fc.record({ back: fc.nat(), again: fc.boolean() }) },
    fc.record({ limit: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300, size: "max" }), (commands) => {
      const limits: Record<string, number> = { a: 1, b: 3, c: 16, d: 4 };
      const devices: Record<string, string> = { a: "0", b: "0", c: "0", d: "1" };
      const rows = new Scheduler<string>({ weightOf: (tenant) => (tenant === "x" ? 3 : 0.5) });
      for (const [name, limit] of Object.entries(limits)) {
        const stepMs = (places: number): number => 5 + places;
        rows.open(name, { limit, stepMs, device: devices[name] ?? "" });
      }
      const ready = new Map<string, { lane: string; as: Readiness }>();
      const away: { choice: Choice<string>; as: Map<string, Readiness> }[] = [];
      let made = 0;
      let nowMs = 0;
      const choose = (device: string, full: boolean): boolean => {
        nowMs += 7;
        const choice = rows.next(nowMs, { device, full });
        if (choice === undefined) return false;
        const { lane: name, rows: chosen } = choice;
        t.is(devices[name], device);
        const as = new Map<string, Readiness>();
        for (const row of chosen) {
          const one = ready.get(row);
          if (one === undefined) throw new Error(`${row} was not ready`);
          t.is(one.lane, name);
          if (one.as.alone) t.is(chosen.length, 1);
          ready.delete(row);
          as.set(row, one.as);
        }
        const places = [...as.values()].reduce((sum, one) => sum + (one.places ?? 1), 0);
        t.true(chosen.length === 1 || (chosen.length > 1 && places <= (limits[name] ?? 0)));
        away.push({ choice, as });
        return true;
      };
      for (const one of commands) {
        if ("add" in one) {
          const row = `row ${made++}`;
          rows.add(one.add, row, one.as);
          ready.set(row, { lane: one.add, as: one.as });
        } else if ("remove" in one) {
          const [row, place] = [...ready][one.remove % Math.max(1, ready.size)] ?? [];
          if (row === undefined || place === undefined) continue;
          t.true(rows.remove(place.lane, row));
          t.false(rows.remove(place.lane, row));
          ready.delete(row);
        } else if ("next" in one) choose(one.device, one.next);
        else if ("back" in one) {
          const [back] = away.splice(one.back % Math.max(1, away.length), 1);
          if (back === undefined) continue;
          for (const [row, as] of one.again ? back.as : []) {
            rows.add(back.choice.lane, row, as);
            ready.set(row, { lane: back.choice.lane, as });
          }
          rows.back(back.choice);
        } else {
          rows.setLimit("c", one.limit);
          limits.c = one.limit;
        }
        t.is(rows.size, ready.size);
      }
      while (choose("0", false) || choose("1", false));
      t.is(ready.size, 0);
      // Where nothing is away any more, nothing waits for something to come back either.
      for (const { choice } of away) rows.back(choice);
      rows.add("c", "last");
      t.deepEqual(rows.next(nowMs, { device: "0", full: true })?.rows, ["last"]);
    }),
  );
});

test("a lane closes once it has no rows, ready or away, and may be opened again", (t) => {
  const scheduler = new Scheduler<string>();
  const cost = { limit: 2, stepMs: () => 1 };
  scheduler.open("a", cost);
  scheduler.open("b", cost);
  scheduler.add("a", "row");
  t.throws(() => scheduler.close("a"), { message: "lane a has rows" });
  const choice = scheduler.next(0);
  if (choice === undefined) return t.fail("nothing was chosen");
  t.throws(() => scheduler.close("a"), { message: "lane a has rows" });
  scheduler.back(choice);
  scheduler.close("a");
  t.throws(() => scheduler.add("a", "row"), { message: "no lane a" });
  scheduler.add("b", "other");
  t.deepEqual(scheduler.next(1)?.rows, ["other"]);
  scheduler.open("a", cost);
  scheduler.add("a", "row");
  t.deepEqual(scheduler.next(2)?.rows, ["row"]);
});
