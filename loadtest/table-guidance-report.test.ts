import test from "ava";
import type { ColorDigit } from "./color-digit.ts";
import { shareOf } from "./statistics.ts";
import { byClass, diversity, type Row, recommended, report } from "./table-guidance-report.ts";

const digit = (...mask: number[]): ColorDigit => ({
  colors: Float64Array.of(0),
  mask: Float64Array.from(mask),
  residual: 0,
});

function row(scale: number, hits: number): Row {
  const one = { mean: 1, error: 0.125 };
  return {
    scale,
    evaluations: 20,
    count: 100,
    accuracy: shareOf(hits, 100),
    hits: [hits - 40, 40],
    certainty: { mean: 0.9, error: 0.01 },
    forms: one,
    colors: one,
    residual: one,
  };
}

test("diversity is a mean over classes of ratios, without the classes of fewer than two", (t) => {
  const reference = [
    [digit(0), digit(2)],
    [digit(0), digit(4)],
    [digit(0), digit(1)],
  ];
  const own = [[digit(5), digit(6)], [digit(1), digit(5)], [digit(3)]];
  t.is(diversity(own, reference, "mask").mean, (1 / 2 + 4 / 4) / 2);
});

test("of asked pictures those that are read as another class count for none", (t) => {
  const pixels = new Float32Array(3072);
  const seen = [
    [0, 0],
    [0, 1],
    [1, 1],
  ] as const;
  const pictures = seen.map(([asked, read]) => ({ pixels, asked, read, certainty: 1 }));
  t.deepEqual(
    byClass(pictures, 2, true).map((digits) => digits.length),
    [1, 1],
  );
  t.deepEqual(
    byClass(pictures, 2, false).map((digits) => digits.length),
    [1, 2],
  );
});

test("recommended is the smallest scale that is surely above the target", (t) => {
  // 96 of 100 is above 95 %, but not by a standard error.
  t.is(recommended([row(0, 10), row(16, 100), row(4, 96), row(8, 99)]).scale, 8);
  t.is(recommended([row(1, 60), row(2, 80), row(4, 70)]).scale, 2);
  t.throws(() => recommended([row(0, 100)]), { instanceOf: RangeError });
});

test("the table gives no accuracy where no class was asked for", (t) => {
  const rows = [row(0, 50), row(4, 99)];
  const lines = report({
    rows,
    samplers: [{ sampler: "euler", row: row(4, 90) }],
    classes: ["a", "b"],
    sampler: "heun",
    command: "run this",
    machine: "that",
    date: "2020-01-02",
  }).split("\n");
  t.true(
    lines.includes("| no class |  | 90.0 ± 1.0 | 1.00 ± 0.13 | 1.00 ± 0.13 | 1.0000 ± 0.1250 |"),
  );
  t.true(lines.some((line) => line.startsWith("| 4 | 99.0 ± 1.4 | 90.0 ± 1.0")));
  t.true(lines.includes("| 4 | 59 | 40 |"));
  t.true(lines.some((line) => line.startsWith("| euler | 20 | 90.0 ±")));
  t.true(lines.includes("`run this`, 2020-01-02, that."));
});
