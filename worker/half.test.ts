import test from "ava";
import { float16OfNumber } from "../onnx/float16.ts";
import { fromHalves, toHalves } from "./half.ts";

const EVERY = Uint16Array.from({ length: 0x10000 }, (_, half) => half);

test("every half becomes a float32 and the same half again", (t) => {
  const numbers = new Float32Array(EVERY.length);
  fromHalves(EVERY, numbers);
  const again = new Uint16Array(EVERY.length);
  toHalves(numbers, again);
  for (const half of EVERY) {
    if (Number.isNaN(numbers[half])) t.is(again[half]! & 0x7c00, 0x7c00);
    else if (again[half] !== half) t.fail(`${half} became ${again[half]}`);
  }
});

test("numbers between halves are rounded to the nearest, ties to even, at each exponent and sign", (t) => {
  const numbers: number[] = [];
  for (let exponent = -26; exponent <= 17; exponent++) {
    for (let k = 0; k < 64; k++) {
      for (const beside of [-(2 ** -13), 0, 2 ** -13]) {
        // Odd multiples of 2^-11 lie half-way between two normal halves.
        const size = (1 + (2 * k + 1) * 2 ** -11 + beside) * 2 ** exponent;
        numbers.push(size, -size);
      }
    }
  }
  const from = Float32Array.from([...numbers, 0, -0, Number.POSITIVE_INFINITY, 1e30, 1e-30]);
  const halves = new Uint16Array(from.length);
  toHalves(from, halves);
  for (const [i, number] of from.entries()) {
    if (halves[i] !== float16OfNumber(number)) t.fail(`${number}: ${halves[i]}`);
  }
  t.pass();
});

test("numbers that lie inside of a larger buffer are read from their own place", (t) => {
  const halves = new Uint16Array(2);
  toHalves(Float32Array.from([9, 1, -2]).subarray(1), halves);
  t.deepEqual([...halves], [0x3c00, 0xc000]);
});
