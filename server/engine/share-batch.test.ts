import test from "ava";
import type { BatchTask, GraphSource, RowStep, Team } from "../../worker/protocol.ts";
import { joinAnswers, shareBatch } from "./share-batch.ts";

const SOURCE = { key: "score", path: "score.onnx", placesPerRun: 16 } as GraphSource;

/** A batch whose rows take so many places, named by their offsets. */
function batch(places: readonly number[], team?: Team): BatchTask {
  const rows = places.map((count, offset) => {
    const labels = Array.from({ length: count }, () => ({ label: 0, weight: 1 }));
    return { offset, evaluate: { labels } } as unknown as RowStep;
  });
  const source = team === undefined ? SOURCE : { ...SOURCE, team };
  return { kind: "batch", graph: "score", source, rows };
}

/** Rows of each share, by their offsets. */
function shares(places: readonly number[], team?: Team): number[][] {
  return shareBatch(batch(places, team)).map(({ rows }) => rows.map(({ offset }) => offset));
}

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
const TWO = { workers: 2, gain: 1.05 };

test("rows are shared in order, as many places each", (t) => {
  t.deepEqual(shares(ones(4), TWO), [
    [0, 1],
    [2, 3],
  ]);
  t.deepEqual(shares(ones(6), { workers: 3, gain: 1 }), [
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  t.deepEqual(shares([2, 1, 1, 1, 1], TWO), [
    [0, 1],
    [2, 3, 4],
  ]);
  const [first] = shareBatch(batch(ones(4), { ...TWO, placesPerRun: 8 }));
  t.like(first?.source, { key: "score/one-thread", sharedBy: 2, placesPerRun: 8 });
  t.is(first?.source.team, undefined);
});

test("one row, and rows that don't divide evenly enough, are one worker's as they are", (t) => {
  for (const places of [[1], [7], ones(3), ones(19), [6, 1, 1]]) {
    const whole = batch(places, TWO);
    t.deepEqual(shareBatch(whole), [whole]);
  }
  // The larger share of 21 rows takes 22 / 21 of half of the time.
  t.is(shares(ones(21), TWO).length, 2);
  t.deepEqual(shares(ones(8), { workers: 16, gain: 1.5 }).length, 1);
  t.deepEqual(shares(ones(8)).length, 1);
});

test("what the workers say is one answer: rows in order, the time of the slowest", (t) => {
  const row = (written: number) => ({ written, scalars: [], finite: true });
  t.deepEqual(
    joinAnswers([
      { ok: true, rows: [row(1), row(2)], padding: 0, evaluateMs: 5, totalMs: 6 },
      { ok: true, rows: [row(3)], padding: 1, evaluateMs: 4, totalMs: 7 },
    ]),
    { ok: true, rows: [row(1), row(2), row(3)], padding: 1, evaluateMs: 5, totalMs: 7 },
  );
});
