import test from "ava";
import fc from "fast-check";
import { heldMemory } from "../testing/memory.ts";
import { Fifo } from "./fifo.ts";

test("rows keep their order, whichever are taken out", (t) => {
  // A number takes out the row at that share of those that are there; nothing adds one.
  const moves = fc.array(fc.option(fc.double({ min: 0, max: 0.999, noNaN: true })), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(moves, (all) => {
      const fifo = new Fifo<number>();
      let expected: number[] = [];
      for (const [i, at] of all.entries()) {
        const out = at === null ? undefined : expected[Math.floor(at * expected.length)];
        if (out === undefined) {
          fifo.add(i);
          expected.push(i);
        } else {
          t.true(fifo.delete(out));
          expected = expected.filter((row) => row !== out);
        }
        t.is(fifo.first, expected[0]);
        t.is(fifo.size, expected.length);
      }
      t.deepEqual([...fifo], expected);
    }),
    { numRuns: 100 },
  );
});

test("rows that left while the first one waits are let go", async (t) => {
  const fifo = new Fifo<object>();
  fifo.add({});
  const gone: WeakRef<object>[] = [];
  for (let i = 0; i < 1000; i++) {
    const row = {};
    fifo.add(row);
    fifo.delete(row);
    gone.push(new WeakRef(row));
  }
  await heldMemory();
  const held = gone.filter((row) => row.deref() !== undefined).length;
  t.true(held < 64, `${held} are held`);
});
