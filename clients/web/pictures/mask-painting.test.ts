import test from "ava";
import { MaskPainting } from "./mask-painting.ts";

/** Rows of the mask: # to be filled, . known. */
function drawn(mask: MaskPainting): string[] {
  const rows = Array.from({ length: mask.height }, (_, y) =>
    Array.from(mask.cells.slice(y * mask.width, (y + 1) * mask.width)),
  );
  return rows.map((row) => row.map((cell) => (cell === 1 ? "#" : ".")).join(""));
}

test("a stroke is every pixel whose middle is near the line", (t) => {
  const mask = new MaskPainting(6, 4);
  mask.stroke({ x: 1.5, y: 1.5 }, { x: 4.5, y: 1.5 }, 0.6, 1);
  t.deepEqual(drawn(mask), ["......", ".####.", "......", "......"]);
  mask.stroke({ x: 2.5, y: 1.5 }, { x: 2.5, y: 1.5 }, 0.5, 0);
  t.deepEqual(drawn(mask)[1], ".#.##.");
});

test("a stroke that leaves the picture paints what is inside", (t) => {
  const mask = new MaskPainting(3, 2);
  mask.stroke({ x: -5, y: 0.5 }, { x: 50, y: 0.5 }, 0.5, 1);
  t.deepEqual(drawn(mask), ["###", "..."]);
});

test("regions, inversion, and every step back", (t) => {
  const mask = new MaskPainting(4, 4);
  mask.fill("left half");
  mask.invert();
  mask.fill("top half");
  mask.clear();
  t.is(mask.filled, 0);
  mask.undo();
  t.deepEqual(drawn(mask), ["####", "####", "..##", "..##"]);
  mask.undo();
  t.deepEqual(drawn(mask)[0], "..##");
  mask.undo();
  mask.undo();
  t.deepEqual([mask.filled, mask.canUndo], [0, false]);
  mask.undo();
  t.is(mask.filled, 0);
  mask.fill("middle");
  t.deepEqual(drawn(mask), ["....", ".##.", ".##.", "...."]);
});

test("as the contract has masks: white is known, black is to be filled", (t) => {
  const mask = new MaskPainting(2, 1);
  mask.fill("right half");
  t.deepEqual(mask.toPicture(), {
    width: 2,
    height: 1,
    channels: 1,
    values: Uint8Array.of(255, 0),
  });
});
