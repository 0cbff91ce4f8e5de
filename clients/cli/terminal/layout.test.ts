import test from "ava";
import fc from "fast-check";
import { layoutOf } from "./layout.ts";

const rules = { area: { width: 100, height: 40 }, gap: 2, maxSide: 32, minScale: 0.25 };

test("as large as they fit, the wider grid of two", (t) => {
  const eight = layoutOf(8, { width: 32, height: 32 }, rules);
  t.like(eight, { shown: 8, columns: 4, tile: { width: 19, height: 19 } });
  const two = layoutOf(2, { width: 4, height: 4 }, rules);
  t.like(two, { columns: 2, tile: { width: 32, height: 32 }, size: { width: 66, height: 32 } });
});

test("of too many the first are shown", (t) => {
  const { shown, tile } = layoutOf(1000, { width: 32, height: 32 }, rules);
  t.true(shown > 20 && shown < 1000, String(shown));
  t.is(tile.width, 8);
});

test("a grid is never larger than its area, nor a picture stretched", (t) => {
  // Less than a pixel can't be shown.
  const side = fc.integer({ min: 4, max: 300 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      side,
      side,
      side,
      side,
      (count, w, h, width, height) => {
        const area = { width: width + 20, height: height + 20 };
        const { shown, columns, tile, size } = layoutOf(
          count,
          { width: w, height: h },
          { ...rules, area },
        );
        if (shown > 1 || (tile.width > 1 && tile.height > 1)) {
          t.true(size.width <= area.width && size.height <= area.height);
        }
        t.true(columns * Math.ceil(shown / columns) >= shown);
        // Within the rounding of a pixel.
        t.true(Math.abs(tile.width / w - tile.height / h) <= 1 / Math.min(w, h) + 1e-9);
      },
    ),
  );
});
