import test from "ava";
import fc from "fast-check";
import { shrink, shrinkFactor, shrunkShape } from "./shrink.ts";

test("a picture is shrunk by a whole factor, and never more than to the half of what it may have", (t) => {
  const size = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(size, size, size, (height, width, maxSize) => {
      const shape = { channels: 3, height, width };
      const small = shrunkShape(shape, shrinkFactor(shape, maxSize));
      const most = Math.max(small.height, small.width);
      t.true(most <= maxSize);
      if (Math.max(height, width) > maxSize) t.true(2 * most >= Math.min(maxSize, 2));
      else t.deepEqual(small, shape);
    }),
    { numRuns: 300 },
  );
  t.is(shrinkFactor({ channels: 3, height: 1024, width: 1024 }, 256), 4);
  t.is(shrinkFactor({ channels: 1, height: 10, width: 257 }, 256), 2);
});

test("each pixel is the mean of its square, cut off at the edges", (t) => {
  const pixel = (channel: number, y: number, x: number): number => 100 * channel + 10 * y + x;
  const shape = { channels: 2, height: 5, width: 7 };
  const pixels = new Float32Array(2 * 5 * 7);
  pixels.forEach((_, i) => {
    pixels[i] = pixel(Math.floor(i / 35), Math.floor(i / 7) % 5, i % 7);
  });
  const small = shrink(pixels, shape, 3);
  t.deepEqual(shrunkShape(shape, 3), { channels: 2, height: 2, width: 3 });
  // Of a plane, the mean is the value in the middle: of rows 0-2 and 3-4, columns 0-2, 3-5 and 6.
  const middles = [0, 1].flatMap((channel) =>
    [1, 3.5].flatMap((y) => [1, 4, 6].map((x) => pixel(channel, y, x))),
  );
  t.deepEqual([...small], middles);
});

test("by 1 it is a copy", (t) => {
  const pixels = Float32Array.of(1, 2, 3, 4);
  const copy = shrink(pixels, { channels: 1, height: 2, width: 2 }, 1);
  t.deepEqual(copy, pixels);
  t.not(copy.buffer, pixels.buffer);
});
