import test from "ava";
import { report, rowOf } from "./table-likelihood-report.ts";

const of = (...bits: number[]): { bitsPerDim: number; evaluations: number }[] =>
  bits.map((bitsPerDim) => ({ bitsPerDim, evaluations: 100 * bitsPerDim }));

test("pictures are compared each with its own digit", (t) => {
  const row = rowOf("inverted", of(2, 4), of(1, 5, 9));
  t.is(row.count, 2);
  t.deepEqual(row.bitsPerDim, { mean: 3, error: 1 });
  t.deepEqual(row.above, { mean: 0, error: 1 });
  t.deepEqual(row.range, [2.1, 3.9]);
  t.is(row.lessLikely, 1);
  t.is(row.evaluations, 300);
});

test("the table has a line a row and the command beside it", (t) => {
  const digits = of(1, 2);
  const rows = [rowOf("held-out", digits, digits), rowOf("inverted", of(3, 5), digits)];
  const lines = report(rows, { command: "run this", date: "2020-01-02", machine: "that" }).split(
    "\n",
  );
  t.is(lines[2], "| held-out | 2 | 1.500 ± 0.500 |  |  | 150 |");
  t.is(lines[3], "| inverted | 2 | 4.000 ± 1.000 | 2.500 ± 0.500 | 2 of 2 | 400 |");
  t.is(lines[5], "`run this`, 2020-01-02, that.");
});
