import { readFile } from "node:fs/promises";
import test from "ava";
import { generatedFiles } from "./files.ts";
import { POSITIVE, SYMMETRIC } from "./mixture.ts";

// Compiled, this file is dist/models/generator/files.test.js.
const folder = new URL("../../../models/", import.meta.url);

for (const { path, bytes } of generatedFiles()) {
  test(`${path} is what npm run models:generate writes`, async (t) => {
    const committed = await readFile(new URL(path, folder));
    t.true(committed.equals(bytes), `models/${path} is out of date: npm run models:generate`);
  });
}

test("the mixture's numbers are exact in float32 and lie 3 stds inside the data range", (t) => {
  for (const [mixture, low, high] of [
    [SYMMETRIC, -1, 1],
    [POSITIVE, 0, 1],
  ] as const) {
    mixture.means.forEach((mean, k) => {
      const reach = 3 * mixture.stds[k]!;
      t.deepEqual([...Float32Array.from(mean)], mean);
      t.true(mean.every((value) => value - reach >= low && value + reach <= high));
    });
    t.deepEqual([...Float32Array.from(mixture.stds)], mixture.stds);
  }
});

test("the components lie apart", (t) => {
  const { means, stds } = SYMMETRIC;
  means.forEach((mean, k) => {
    means.slice(k + 1).forEach((other, offset) => {
      const distance = Math.hypot(...mean.map((value, i) => value - other[i]!));
      t.true(distance > 8 * (stds[k]! + stds[k + 1 + offset]!));
    });
  });
});
