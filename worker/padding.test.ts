import test from "ava";
import { evaluator } from "./evaluate.ts";
import { runOn } from "./sessions.ts";
import { dims, source } from "./testing.ts";

/** Scores of so many places, and the places that were evaluated. */
async function evaluate(
  places: number,
): Promise<{ output: number[]; evaluated: number; padding: number }> {
  const batch = await evaluator(source, places);
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < dims; i++) batch.x[place * dims + i] = Math.sin(place + i);
    batch.times.set(place, 100 + place);
  }
  await batch.run();
  const output = [...batch.output.subarray(0, places * dims)];
  return { output, evaluated: batch.x.length / dims, padding: batch.padding };
}

test.serial(
  "a batch is filled up to the next size, and its own places are as without",
  async (t) => {
    const exact = await evaluate(3);
    t.deepEqual([exact.evaluated, exact.padding], [3, 0]);
    runOn({ provider: "cpu", batchSizes: [1, 4] });
    const padded = await evaluate(3);
    t.deepEqual([padded.evaluated, padded.padding], [4, 1]);
    padded.output.forEach((value, i) => {
      const expected = exact.output[i] ?? Number.NaN;
      t.true(Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${i}`);
    });
    t.is((await evaluate(1)).evaluated, 1);
    t.is((await evaluate(5)).evaluated, 5, "more than the last size");
  },
);
