import test from "ava";
import fc from "fast-check";
import { BATCH_SHARE, type Priority } from "./device-schedule.ts";
import { type Home, Placement, type Work } from "./placement.ts";

/** A device whose full batch of ten takes so long, in ms, in each of its lanes. */
function lanes(stepMs: number, ...names: readonly string[]) {
  return new Map(names.map((name) => [name, { limit: 10, stepMs: () => stepMs }]));
}

function work(lane: string, evaluations: number, priority: Priority = "interactive"): Work {
  return { lane, priority, places: 1, evaluations };
}

test("a row goes to the device that is done first, and one by one a job's rows spread", (t) => {
  const placement = new Placement<string>();
  placement.open("fast", lanes(10, "a"));
  placement.open("slow", lanes(30, "a"));
  const homes = Array.from({ length: 8 }, (_, i) => placement.place(`${i}`, work("a", 1))?.device);
  // 1 ms each on the fast device and 3 on the slow one: three to one.
  t.is(homes.filter((device) => device === "fast").length, 6);
  t.is(placement.workMs("fast"), 6);
  t.is(placement.workMs("slow"), 6);
});

test("only devices that have the lane are asked", (t) => {
  const placement = new Placement<string>();
  placement.open("0", lanes(10, "a"));
  placement.open("1", lanes(10, "a", "b"));
  for (let i = 0; i < 5; i++) t.is(placement.place(`b ${i}`, work("b", 9))?.device, "1");
  t.is(placement.place("a", work("a", 1))?.device, "0");
  t.is(placement.place("c", work("c", 1)), undefined);
});

test("work that is done or gone makes room", (t) => {
  const placement = new Placement<string>();
  for (const name of ["0", "1"]) placement.open(name, lanes(10, "a"));
  const long = placement.place("long", work("a", 100));
  const short = placement.place("short", work("a", 50));
  if (long === undefined || short === undefined) return t.fail();
  t.deepEqual([long.device, short.device], ["0", "1"]);
  placement.update(long, 10);
  const next = placement.place("next", work("a", 50));
  t.is(next?.device, "0");
  placement.remove(short);
  t.is(placement.place("last", work("a", 1))?.device, "1");
});

test("interactive rows count batch work by its share, batch rows count all", (t) => {
  const placement = new Placement<string>();
  for (const name of ["0", "1"]) placement.open(name, lanes(10, "a"));
  placement.place("archive", work("a", 100, "batch"));
  placement.place("person", work("a", 50));
  // 100 ms of batch work on one, 50 of interactive on the other: a sixteenth of 100 is less than 50.
  t.true(100 * BATCH_SHARE < 50);
  t.is(placement.place("another", work("a", 1))?.device, "0");
  t.is(placement.place("more", work("a", 1, "batch"))?.device, "1");
});

test("a device that closes gives its rows back, and knows none when it opens again", (t) => {
  const placement = new Placement<string>();
  placement.open("0", lanes(10, "a"));
  const home = placement.place("row", work("a", 5));
  t.throws(() => placement.open("0", lanes(10, "a")), { message: /open already/ });
  t.deepEqual(placement.close("0"), ["row"]);
  t.throws(() => placement.close("0"), { message: /no device 0/ });
  placement.open("0", lanes(10, "a"));
  // What is said of a row that has left changes nothing.
  if (home !== undefined) placement.update(home, 3);
  if (home !== undefined) placement.remove(home);
  t.is(placement.workMs("0"), 0);
  t.deepEqual([...placement.rowsOn("0")], []);
});

test("under random commands each row is on one device, the one with the least to do, and none is lost", (t) => {
  const STEP_MS: Readonly<Record<string, number>> = { "0": 10, "1": 20, "2": 30, "3": 10 };
  const LANES: Readonly<Record<string, string[]>> = {
    "0": ["a"],
    "1": ["a", "b"],
    "2": ["b"],
    "3": ["a", "b"],
  };
  const priority = fc.constantFrom("interactive" as const, "batch" as const);
  const command = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        place: fc.constantFrom("a", "b"),
        priority,
        evaluations: fc.integer({ min: 1, max: 50 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ update: fc.nat(), left: fc.integer({ min: 1, max: 50 }) }),
    },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
    fc.record({ toggle: fc.constantFrom("0", "1", "2", "3") }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200, size: "max" }), (commands) => {
      const placement = new Placement<string>();
      const open = new Set<string>();
      const rows = new Map<string, { home: Home<string>; evaluations: number }>();
      let made = 0;
      const workMs = (device: string, of: Priority): number => {
        const there = [...rows.values()].filter(({ home }) => home.device === device);
        const mine = there.filter(({ home }) => home.priority === of);
        const evaluations = mine.reduce((sum, row) => sum + row.evaluations, 0);
        return (evaluations * (STEP_MS[device] ?? 0)) / 10;
      };
      const busyMs = (device: string, of: Priority): number =>
        workMs(device, "interactive") +
        (of === "batch" ? 1 : BATCH_SHARE) * workMs(device, "batch");
      for (const one of commands) {
        const [name = "", row] = [...rows][Object.values(one)[0] % Math.max(1, rows.size)] ?? [];
        if ("place" in one) {
          const { evaluations } = one;
          const able = [...open].filter((device) => LANES[device]?.includes(one.place));
          const leastMs = Math.min(...able.map((device) => busyMs(device, one.priority)));
          const home = placement.place(`${made}`, work(one.place, evaluations, one.priority));
          t.is(home === undefined, able.length === 0);
          if (home === undefined) continue;
          t.true(able.includes(home.device));
          t.true(Math.abs(busyMs(home.device, one.priority) - leastMs) < 1e-6);
          rows.set(`${made++}`, { home, evaluations });
        } else if ("toggle" in one) {
          const { toggle: device } = one;
          if (!open.delete(device)) {
            open.add(device);
            placement.open(device, lanes(STEP_MS[device] ?? 0, ...(LANES[device] ?? [])));
            continue;
          }
          const there = [...rows].filter(([, { home }]) => home.device === device);
          t.deepEqual(placement.close(device).sort(), there.map(([lost]) => lost).sort());
          for (const [lost] of there) rows.delete(lost);
        } else if (row !== undefined && "update" in one) {
          placement.update(row.home, one.left);
          row.evaluations = one.left;
        } else if (row !== undefined) {
          placement.remove(row.home);
          rows.delete(name);
        }
        const there = [...open].flatMap((device) => [...placement.rowsOn(device)]);
        t.deepEqual(there.sort(), [...rows.keys()].sort());
      }
    }),
  );
});
