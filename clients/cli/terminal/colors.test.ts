import test from "ava";
import { nearestOf256, setColor } from "./colors.ts";

test("the colors that the 256 have are themselves", (t) => {
  t.is(nearestOf256([0, 0, 0]), 16);
  t.is(nearestOf256([255, 255, 255]), 231);
  t.is(nearestOf256([95, 135, 175]), 16 + 36 + 12 + 3);
  t.is(nearestOf256([8, 8, 8]), 232);
  t.is(nearestOf256([238, 238, 238]), 255);
});

test("a dark color stays dark, and a gray one gray", (t) => {
  t.is(nearestOf256([40, 10, 12]), 233);
  t.is(nearestOf256([60, 0, 0]), 52);
  t.is(nearestOf256([128, 128, 129]), 244);
});

test("24 bits where there are as many", (t) => {
  t.is(setColor(38, [1, 2, 3], 24), "\x1b[38;2;1;2;3m");
  t.is(setColor(48, [255, 255, 255], 8), "\x1b[48;5;231m");
});
