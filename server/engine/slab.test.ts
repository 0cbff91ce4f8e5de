import test from "ava";
import fc from "fast-check";
import { Slab } from "./slab.ts";

test("stretches that are taken never overlap, and all comes back", (t) => {
  const commands = fc.array(
    fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ giveBack: fc.nat() }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(commands, (sequence) => {
      const slab = new Slab(4 * 128);
      const taken: { from: number; length: number }[] = [];
      for (const command of sequence) {
        if ("take" in command) {
          const from = slab.allocate(command.take);
          if (from !== undefined) taken.push({ from, length: command.take });
        } else if (taken.length > 0) {
          const [one] = taken.splice(command.giveBack % taken.length, 1);
          if (one !== undefined) slab.release(one.from);
        }
        const owners = new Uint8Array(128);
        for (const { from, length } of taken) {
          for (let e = from; e < from + length; e++) owners[e] = (owners[e] ?? 0) + 1;
        }
        if (owners.some((owner) => owner > 1)) return false;
        if (owners.filter((owner) => owner === 1).length !== slab.used) return false;
      }
      for (const { from } of taken) slab.release(from);
      // Merged again: the whole slab is one stretch.
      return slab.used === 0 && slab.allocate(128) === 0;
    }),
  );
  t.pass();
});

test("no room gives undefined; what was not taken can't be given back", (t) => {
  const slab = new Slab(4 * 10);
  t.is(slab.allocate(10), 0);
  t.is(slab.allocate(1), undefined);
  t.throws(() => slab.release(3), { instanceOf: RangeError, message: /element 3/ });
});
