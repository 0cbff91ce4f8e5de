import test from "ava";
import {
  bfloat16OfNumber,
  float16OfNumber,
  float32OfBfloat16,
  float32OfFloat16,
} from "./float16.ts";

test("every half survives the way to a number and back", (t) => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = float32OfFloat16(bits);
    if (!Number.isNaN(value)) t.is(float16OfNumber(value), bits, `${bits}`);
  }
});

test("numbers are rounded to the nearest half, ties to even", (t) => {
  // IEEE 754: 10 bits of fraction, so steps of 2^-10 between 1 and 2.
  t.is(float32OfFloat16(float16OfNumber(1 + 0.5 * 2 ** -10)), 1);
  t.is(float32OfFloat16(float16OfNumber(1 + 1.5 * 2 ** -10)), 1 + 2 * 2 ** -10);
  t.is(float32OfFloat16(float16OfNumber(0.1)), 0.0999755859375);
  t.is(float32OfFloat16(float16OfNumber(65519)), 65504);
  t.is(float32OfFloat16(float16OfNumber(65520)), Number.POSITIVE_INFINITY);
  t.is(float32OfFloat16(float16OfNumber(2 ** -25)), 0);
  t.is(float32OfFloat16(float16OfNumber(2 ** -14 - 2 ** -26)), 2 ** -14);
  t.true(Number.isNaN(float32OfFloat16(float16OfNumber(Number.NaN))));
});

test("bfloat16 keeps the upper half of a float32", (t) => {
  t.is(float32OfBfloat16(bfloat16OfNumber(-2.5)), -2.5);
  t.is(float32OfBfloat16(bfloat16OfNumber(1 + 2 ** -9)), 1);
  t.is(float32OfBfloat16(bfloat16OfNumber(1 + 3 * 2 ** -9)), 1 + 2 ** -7);
});
