import test from "ava";
import { placeOn, scaleOf } from "./scale.ts";

test("an axis has round ticks and every value", (t) => {
  t.like(scaleOf([0.7, 1.2]), { low: 0.7, high: 1.2, digits: 1 });
  t.is(scaleOf([0.7, 1.2]).ticks.length, 6);
  const wide = scaleOf([0.72, 14.03]);
  t.deepEqual(wide.ticks, [0, 5, 10, 15]);
  t.is(wide.digits, 0);
  const single = scaleOf([0.9]);
  t.true(single.low <= 0.9 && single.high >= 0.9 && single.high > single.low);
  const below = scaleOf([-3.4, -1]);
  t.true(below.low <= -3.4 && below.high >= -1);
});

test("places run from 0 to 1", (t) => {
  const scale = scaleOf([0, 10]);
  t.deepEqual(
    [0, 5, 10].map((value) => placeOn(scale, value)),
    [0, 0.5, 1],
  );
});
