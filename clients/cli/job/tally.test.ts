import test from "ava";
import { progressLine } from "./progress-line.ts";
import { Tally } from "./tally.ts";

const duration = (seconds: number): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(seconds),
  nanos: 0,
});
const ACCEPTED = {
  rows: 2,
  expectedEvaluations: 10n,
  expectedWait: duration(5),
  expectedDuration: duration(20),
  adjusted: "",
  images: 2,
};

test("queued, by what the server expects; then by the pace", (t) => {
  const tally = new Tally(2);
  const line = (now: number): string => progressLine(tally, "pictures", 100, now);
  t.is(line(0), "starting");
  tally.accept(ACCEPTED, 1000);
  t.is(line(1000), "queued  ETA 0:25");
  t.is(line(3000), "queued  ETA 0:23");
  const guess = { rowsAhead: 12n, expectedWait: duration(8), expectedDuration: duration(20) };
  tally.queue(guess, 4000);
  t.is(line(5000), "queued  12 rows ahead  ETA 0:27");
  tally.progress({ row: 0, evaluations: 1n, time: 1, fraction: 0.01 }, 6000);
  t.regex(line(8000), /0\/2 pictures {2}1 evaluations {2}ETA 0:18$/);
  tally.progress({ row: 0, evaluations: 5n, time: 0.5, fraction: 0.5 }, 16_000);
  t.regex(line(16_000), /^█{6}░{18} {2}25 % {2}0\/2 pictures {2}5 evaluations {2}ETA 0:30$/);
  tally.finish(0, 10n, 26_000);
  t.regex(line(26_000), /^█{12}░{12} {2}50 % {2}1\/2 pictures {2}10 evaluations {2}ETA 0:20$/);
  tally.finish(1, 10n, 46_000);
  t.regex(line(46_000), /^█{24} 100 % {2}2\/2 pictures {2}20 evaluations {2}ETA 0:00$/);
});

test("a likelihood's rows are no results", (t) => {
  const tally = new Tally(1, false);
  tally.accept({ ...ACCEPTED, rows: 4 }, 0);
  for (const row of [0, 1]) tally.progress({ row, evaluations: 3n, time: 1, fraction: 1 }, 10);
  t.deepEqual([tally.done, tally.fraction, tally.evaluations], [0, 0.5, 6]);
  tally.finish(0, 12n, 20);
  t.deepEqual([tally.done, tally.results, tally.fraction], [1, 1, 0.5]);
});

test("a line is never longer than the terminal is wide", (t) => {
  const tally = new Tally(2);
  tally.accept(ACCEPTED, 0);
  tally.progress({ row: 0, evaluations: 1n, time: 1, fraction: 0.5 }, 1);
  for (const columns of [10, 40, 200])
    t.true(progressLine(tally, "pictures", columns, 2).length < columns);
});
