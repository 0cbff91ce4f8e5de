import test from "ava";
import sharp from "sharp";
import { blockMeans, grayOf, maskOut, type Picture } from "./picture.ts";
import { toPng } from "./png.ts";

const RGB: Picture = {
  width: 2,
  height: 2,
  channels: 3,
  values: Uint8Array.of(0, 1, 2, 10, 20, 30, 255, 255, 254, 100, 0, 0),
};

test("gray is the mean of red, green and blue", (t) => {
  t.deepEqual([...grayOf(RGB).values], [1, 20, 255, 33]);
  t.is(grayOf(grayOf(RGB)).channels, 1);
});

test("blocks become their means, channel by channel", (t) => {
  const small = blockMeans(RGB, 2);
  t.deepEqual([small.width, small.height, ...small.values], [1, 1, 91, 69, 72]);
});

test("what is to be filled is gray in the known part", (t) => {
  const mask: Picture = { width: 2, height: 2, channels: 1, values: Uint8Array.of(255, 0, 255, 0) };
  t.deepEqual(
    [...maskOut(RGB, mask).values],
    [0, 1, 2, 128, 128, 128, 255, 255, 254, 128, 128, 128],
  );
});

test("a PNG has the levels to the last bit, and no alpha", async (t) => {
  for (const picture of [RGB, grayOf(RGB)]) {
    const png = toPng(picture);
    const { channels, hasAlpha, space } = await sharp(png).metadata();
    t.deepEqual([channels, hasAlpha], [picture.channels, false]);
    const levels = await sharp(png).toColourspace(space).raw().toBuffer();
    t.deepEqual(Uint8Array.from(levels), picture.values);
  }
});
