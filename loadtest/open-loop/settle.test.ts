import test from "ava";
import { newSecond, type Second } from "./second.ts";
import { hasSettled } from "./settle.ts";

const SETTLE = { windowS: 5, windows: 4, within: 0.1 };

/** Seconds with so many completions of such a time and so many in flight. */
function seconds(
  count: number,
  of: (second: number) => {
    readonly completed: number;
    readonly ms: number;
    readonly inFlight: number;
  },
): Second[] {
  return Array.from({ length: count }, (_, second) => {
    const { completed, ms, inFlight } = of(second);
    const totalsMs = Array<number>(completed).fill(ms);
    return { ...newSecond(second), completed, inFlight, totalsMs };
  });
}

const steady = { completed: 100, ms: 50, inFlight: 20 };

test("figures that stay the same have settled, once there are enough of them", (t) => {
  t.deepEqual(
    hasSettled(
      seconds(20, () => steady),
      SETTLE,
    ),
    { settled: true },
  );
  t.like(
    hasSettled(
      seconds(19, () => steady),
      SETTLE,
    ),
    { settled: false },
  );
});

test("only the last windows count", (t) => {
  const late = seconds(40, (s) => (s < 20 ? { completed: 10, ms: 500, inFlight: 90 } : steady));
  t.true(hasSettled(late, SETTLE).settled);
});

const UNSETTLED: readonly (readonly [string, Parameters<typeof seconds>[1], RegExp])[] = [
  [
    "a queue that grows",
    (s) => ({ ...steady, inFlight: 20 + 10 * s }),
    /in flight grew from 60 to 210/,
  ],
  [
    "a rate that falls",
    (s) => ({ ...steady, completed: 140 - 4 * s }),
    /completed in a window went from/,
  ],
  ["times that rise", (s) => ({ ...steady, ms: 50 + 8 * s }), /median total of a window went from/],
  [
    "a stall",
    (s) => ({ ...steady, completed: s >= 10 && s < 15 ? 0 : 100 }),
    /no job that completed/,
  ],
];

for (const [name, of, why] of UNSETTLED) {
  test(`not settled: ${name}`, (t) => {
    const found = hasSettled(seconds(20, of), SETTLE);
    if (found.settled) return t.fail();
    t.regex(found.why, why);
  });
}
