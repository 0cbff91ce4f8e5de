import test from "ava";
import fc from "fast-check";
import { Heap, type HeapItem } from "./heap.ts";

test("whatever is added, removed and changed, the first item is the least", (t) => {
  const key = fc.integer({ min: 0, max: 20 });
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: key }) },
    fc.record({ remove: fc.nat() }),
    fc.record({ change: fc.nat(), to: key }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const heap = new Heap<HeapItem>();
      const items: HeapItem[] = [];
      for (const [order, one] of commands.entries()) {
        if ("add" in one) {
          const item = { key: one.add, order, place: -1 };
          items.push(item);
          heap.add(item);
        } else if ("remove" in one) {
          const [item] = items.splice(one.remove % Math.max(1, items.length), 1);
          if (item === undefined) continue;
          heap.remove(item);
          heap.remove(item);
        } else {
          const item = items[one.change % Math.max(1, items.length)];
          if (item === undefined) continue;
          item.key = one.to;
          heap.update(item);
        }
        t.is(heap.size, items.length);
        const [least] = items.toSorted((a, b) => a.key - b.key || a.order - b.order);
        t.is(heap.first, least);
      }
    }),
  );
});
