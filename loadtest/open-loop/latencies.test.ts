import test from "ava";
import { Latencies } from "./latencies.ts";

test("percentiles are HdrHistogram's: within a thousandth, in ms", (t) => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 1000; ms++) latencies.record("total", ms);
  const { count, p50, p95, p99, max, mean, curve } = latencies.summaries().total;
  t.is(count, 1000);
  for (const [seen, expected] of [
    [p50, 500],
    [p95, 950],
    [p99, 990],
    [max, 1000],
    [mean, 500.5],
  ] as const) {
    t.true(Math.abs(seen / expected - 1) < 2e-3, `${seen} for ${expected}`);
  }
  t.deepEqual(curve[0]?.[0], 0);
  t.true((curve.at(-1)?.[0] ?? 0) > 99.9);
});

test("what another process sends adds up", (t) => {
  const [a, b] = [new Latencies(), new Latencies()];
  for (let i = 0; i < 10; i++) a.record("firstEvent", 5);
  for (let i = 0; i < 30; i++) b.record("firstEvent", 100);
  a.add(new Latencies(b.encoded()));
  const { firstEvent, total } = a.summaries();
  t.is(firstEvent.count, 40);
  t.true(Math.abs(firstEvent.p50 / 100 - 1) < 2e-3);
  t.true(Math.abs(firstEvent.mean / 76.25 - 1) < 2e-3);
  t.like(total, { count: 0, mean: 0, max: 0 });
});
