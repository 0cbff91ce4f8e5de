import test from "ava";
import { meanOf, medianErrorOf, quantileOf, shareOf } from "./statistics.ts";

test("a mean has the standard error of the sample's deviation", (t) => {
  const { mean, error } = meanOf([1, 3, 5]);
  t.is(mean, 3);
  // Deviation sqrt(8 / 2) = 2, over sqrt(3).
  t.true(Math.abs(error - 2 / Math.sqrt(3)) < 1e-12);
  t.throws(() => meanOf([]), { instanceOf: RangeError });
});

test("a share has an error even where every trial was a hit", (t) => {
  t.is(shareOf(98, 98).mean, 1);
  t.true(Math.abs(shareOf(98, 98).error - Math.sqrt((0.99 * 0.01) / 98)) < 1e-12);
  t.true(Math.abs(shareOf(49, 98).error - 0.5 / Math.sqrt(98)) < 1e-12);
});

test("a quantile lies between two values where no one has it", (t) => {
  t.deepEqual(
    [0, 0.25, 0.5, 1].map((share) => quantileOf([9, 1, 5], share)),
    [1, 3, 5, 9],
  );
  t.throws(() => quantileOf([], 0.5), { instanceOf: RangeError });
});

test("a median's standard error is that of the quartiles' normal distribution, whatever is far off", (t) => {
  const error = (2 / 1.349) * Math.sqrt(Math.PI / 10);
  t.true(Math.abs(medianErrorOf([4, 1, 0, 3, 2]) - error) < 1e-12);
  t.is(medianErrorOf([400, 1, 0, 3, 2]), medianErrorOf([4, 1, 0, 3, 2]));
  t.throws(() => medianErrorOf([]), { instanceOf: RangeError });
});
