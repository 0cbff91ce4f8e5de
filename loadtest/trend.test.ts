import test from "ava";
import { Random } from "./simulate/random.ts";
import { trendOf } from "./trend.ts";

/** Values about a line, each like the one before it by `memory`. */
function noisy(slope: number, memory: number, seed: number): (readonly [number, number])[] {
  const random = new Random(seed);
  let error = 0;
  return Array.from({ length: 200 }, (_, x) => {
    error = memory * error + random.normal();
    return [x, 100 + slope * x + error] as const;
  });
}

/** How often the slope of many such runs is more than two errors from what it is. */
function missed(slope: number, memory: number): number {
  const runs = Array.from({ length: 400 }, (_, seed) => trendOf(noisy(slope, memory, seed + 1)));
  return runs.filter((trend) => Math.abs(trend.slope - slope) > 2 * trend.error).length / 400;
}

test("a straight line has its slope and no error", (t) => {
  const { slope, error } = trendOf([0, 1, 2, 5].map((x) => [x, 3 - 2 * x] as const));
  t.true(Math.abs(slope + 2) < 1e-12 && error < 1e-12);
});

// Two standard errors miss about 5 % of the time; of 400 runs that is 20 +- 4.4, and the correlation is an estimate too.
test("the slope is within two errors about as often as it should be", (t) => {
  t.true(missed(0.01, 0) < 0.09);
});

test("neighbours that are alike do not pass for independent ones", (t) => {
  t.true(missed(0.01, 0.8) < 0.12);
});

test("a leak is seen", (t) => {
  const { slope, error } = trendOf(noisy(0.1, 0.5, 1));
  t.true(slope > 4 * error);
});

test("too few points are refused", (t) => {
  t.throws(() => trendOf([[0, 1]]), { instanceOf: RangeError, message: /seen 1/ });
});
