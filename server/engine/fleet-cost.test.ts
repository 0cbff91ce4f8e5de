import test from "ava";
import fc from "fast-check";
import { fleetCost } from "./fleet-cost.ts";
import type { StepCost } from "./forming-batch.ts";

/** A device with a constant part and a part a place. */
function device(limit: number, onceMs: number, placeMs: number): StepCost {
  return { limit, stepMs: (places) => onceMs + placeMs * places };
}

test("one device's costs are its own", (t) => {
  const only = device(8, 1, 1);
  t.is(fleetCost([only]), only);
  t.throws(() => fleetCost([]), { instanceOf: RangeError });
});

test("a few rows take what they take on the first device; many are shared", (t) => {
  const two = fleetCost([device(8, 2, 1), device(8, 2, 1)]);
  t.is(two.limit, 16);
  t.is(two.stepMs(1), 3);
  t.is(two.stepMs(8), 10);
  t.is(two.stepMs(16), 10);
  t.is(two.stepMs(32), 20);
});

test("a device that would hold up the others is not counted on", (t) => {
  const fast = device(64, 10, 0);
  t.is(fleetCost([fast, device(8, 0, 100)]), fast);
  t.is(fleetCost([fast, device(8, 0, 1)]).limit, 72);
});

test("more places never take less time, and the throughput at the limit is no less than the first's", (t) => {
  const devices = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 64 }), fc.nat(50), fc.integer({ min: 1, max: 20 }))
      .map(([limit, onceMs, placeMs]) => device(limit, onceMs, placeMs)),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(devices, (costs) => {
      const fleet = fleetCost(costs);
      let before = 0;
      for (let places = 1; places <= 2 * fleet.limit; places++) {
        const ms = fleet.stepMs(places);
        if (ms < before - 1e-9) return false;
        before = ms;
      }
      const [first] = costs;
      if (first === undefined) return false;
      const rate = ({ limit, stepMs }: StepCost): number => limit / stepMs(limit);
      return rate(fleet) >= rate(first) - 1e-9;
    }),
  );
  t.pass();
});
