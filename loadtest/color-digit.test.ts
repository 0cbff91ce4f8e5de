import test from "ava";
import { meanPairwiseDistance, takeApart } from "./color-digit.ts";

const BACKGROUND = [-0.8, -0.9, -0.5];
const FOREGROUND = [0.9, 0.2, 0.6];

/** A bar of 4 x 12 pixels at a column, its left edge of half coverage. */
function bar(column: number): Float64Array {
  return Float64Array.from({ length: 1024 }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / 32), pixel % 32];
    if (y < 10 || y >= 22 || x < column || x >= column + 4) return 0;
    return x === column ? 0.5 : 1;
  });
}

function paint(mask: Float64Array): Float32Array {
  return Float32Array.from({ length: 3072 }, (_, e) => {
    const [c, m] = [Math.floor(e / 1024), mask[e % 1024]!];
    return BACKGROUND[c]! * (1 - m) + FOREGROUND[c]! * m;
  });
}

test("a picture of two colours comes apart into them and its form", (t) => {
  const { colors, mask, residual } = takeApart(paint(bar(12)));
  const expected = [...BACKGROUND, ...FOREGROUND];
  t.true(colors.every((value, k) => Math.abs(value - expected[k]!) < 1e-6));
  t.true(mask.every((value, pixel) => Math.abs(value - bar(12)[pixel]!) < 1e-6));
  t.true(residual < 1e-6);
});

test("what is off the two colours is the residual", (t) => {
  const picture = paint(bar(12));
  const [sum, off] = [[0, 1, 2].map((c) => FOREGROUND[c]! - BACKGROUND[c]!), 0.3];
  // At right angles to the axis of the colours, on one pixel outside the ring and off the bar.
  const direction = [sum[1]!, -sum[0]!, 0].map((v) => (off * v) / Math.hypot(sum[0]!, sum[1]!));
  for (const c of [0, 1, 2]) picture[c * 1024 + 5 * 32 + 5]! += direction[c]!;
  t.true(Math.abs(takeApart(picture).residual - off / Math.sqrt(3072)) < 1e-6);
});

test("an empty picture has no form, and no pixel of another size is taken", (t) => {
  const { mask } = takeApart(new Float32Array(3072).fill(-0.5));
  t.true(mask.every((value) => value === 0));
  t.throws(() => takeApart(new Float32Array(1024)), { instanceOf: RangeError });
});

test("the mean pairwise distance takes each pair once and no point with itself", (t) => {
  const points = [
    [0, 0],
    [3, 4],
    [0, 1],
  ].map((point) => Float64Array.from(point));
  t.true(Math.abs(meanPairwiseDistance(points) - (5 + 1 + Math.hypot(3, 3)) / 3) < 1e-12);
  t.is(meanPairwiseDistance(points.slice(0, 1)), Number.NaN);
});
