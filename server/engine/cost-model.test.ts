import test from "ava";
import fc from "fast-check";
import { CostModel } from "./cost-model.ts";

const profile = { batchSizes: [1, 2, 4, 8, 16], stepMs: [5, 6, 8, 12, 20] };
const bounds = { maxPlaces: 16, maxStepMs: 1000 };

function near(seen: number, expected: number, share: number): boolean {
  return Math.abs(seen - expected) <= share * expected;
}

test("before anything is measured it says what the profile says", (t) => {
  const model = new CostModel(profile, bounds);
  for (const [i, size] of profile.batchSizes.entries())
    t.is(model.stepMs(size), profile.stepMs[i] ?? 0);
  t.is(model.stepMs(12), 16);
  t.is(model.limit, 16);
});

test("a device that has become three times as slow is known after a window, at every size", (t) => {
  const model = new CostModel(profile, bounds);
  for (let i = 0; i < 15; i++) model.observe(8, 36);
  for (const [i, size] of profile.batchSizes.entries()) {
    t.true(near(model.stepMs(size), 3 * (profile.stepMs[i] ?? 0), 1e-9), `${size}`);
  }
});

test("up to 7 of 15 measurements may be anything", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 7, maxLength: 7 }),
      fc.infiniteStream(fc.nat()),
      (disturbed, order) => {
        const model = new CostModel(profile, bounds);
        // Steps of 8 places take between 22 and 26 ms now, but for those that are disturbed.
        const steps = [...disturbed, ...Array.from({ length: 8 }, (_, i) => 22 + (4 * i) / 7)];
        const keys = steps.map(() => order.next().value ?? 0);
        const shuffled = steps.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
        for (const i of shuffled) model.observe(8, steps[i] ?? 0);
        t.true(model.stepMs(8) >= 22 - 1e-9 && model.stepMs(8) <= 26 + 1e-9);
      },
    ),
  );
});

test("whatever is measured, times are finite, positive and do not fall with the places", (t) => {
  const step = fc.record({
    places: fc.integer({ min: 0, max: 40 }),
    ms: fc.oneof(fc.double(), fc.double({ min: 0, max: 100 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const model = new CostModel(profile, { maxPlaces: 12, maxStepMs: 30 });
      for (const { places, ms } of steps) model.observe(places, ms);
      t.true(Number.isInteger(model.limit) && model.limit >= 1 && model.limit <= 12);
      let before = 0;
      for (let places = 1; places <= 40; places++) {
        const ms = model.stepMs(places);
        t.true(Number.isFinite(ms) && ms > 0 && ms >= before * (1 - 1e-12), `${places}: ${ms}`);
        before = ms;
      }
    }),
  );
});

test("sizes of their own are told apart; one not seen for long goes with the others again", (t) => {
  const model = new CostModel(profile, bounds);
  for (let i = 0; i < 15; i++) {
    model.observe(1, 5);
    model.observe(16, 60);
  }
  t.true(near(model.stepMs(1), 5, 1e-9));
  t.true(near(model.stepMs(16), 60, 1e-9));
  // The whole device has become twice as slow since, but only large batches have run.
  for (let i = 0; i < 300; i++) model.observe(16, 120);
  t.true(near(model.stepMs(1), 30, 1e-9), `${model.stepMs(1)}`);
});

test("the limit follows the operator's bound down at once, and up only with room to spare", (t) => {
  const model = new CostModel(profile, { maxPlaces: 16, maxStepMs: 22 });
  t.is(model.limit, 16);
  const run = (factor: number): boolean => {
    let changed = false;
    for (let i = 0; i < 128; i++) {
      const { limit } = model;
      const ms = factor * (profile.stepMs[profile.batchSizes.indexOf(limit)] ?? 0);
      changed = model.observe(limit, ms) || changed;
    }
    return changed;
  };
  t.false(run(1));
  t.true(run(1.5));
  t.is(model.limit, 8);
  // 16 places would take 20 ms of 22: within the bound, but not by enough to change.
  t.false(run(1));
  t.is(model.limit, 8);
  t.true(run(0.8));
  t.is(model.limit, 16);
});

test("what a turn takes beside its step is part of turns, and of neither steps nor limit", (t) => {
  const tight = { maxPlaces: 16, maxStepMs: 20 };
  const [model, plain] = [new CostModel(profile, tight), new CostModel(profile, tight)];
  t.is(model.turns.stepMs(16), 20);
  for (let i = 0; i < 128; i++) {
    model.observe(16, 20, 50);
    plain.observe(16, 20);
  }
  t.is(model.turns.stepMs(16), 50);
  t.is(model.stepMs(16), 20);
  t.is(model.limit, 16);
  t.is(model.turns.limit, 16);
  t.is(plain.turns.stepMs(16), 20);
});

test("between sizes that were seen what is beside the step is linear, beyond them as the next", (t) => {
  const model = new CostModel(profile, bounds);
  for (let i = 0; i < 15; i++) {
    model.observe(2, 6, 7);
    model.observe(8, 12, 16);
  }
  const beside = [1, 2, 4, 5, 8, 16, 40].map((places) => {
    return model.turns.stepMs(places) - model.stepMs(places);
  });
  t.deepEqual(beside.map(Math.round), [1, 1, 2, 3, 4, 4, 4]);
});

test("up to 7 of 15 turns may be anything, and turns do not fall with the places", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double(), { minLength: 7, maxLength: 7 }),
      fc.shuffledSubarray([...Array(15).keys()], { minLength: 15 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 16 }), fc.double({ max: 1e4 })), {
        maxLength: 100,
      }),
      (disturbed, order, others) => {
        const model = new CostModel(profile, bounds);
        // Steps of 12 ms have turns of 22 to 23 ms, but for those that are disturbed.
        const turns = [...disturbed, ...Array.from({ length: 8 }, (_, i) => 22 + i / 7)];
        for (const i of order) model.observe(8, 12, turns[i] ?? 0);
        const ms = model.turns.stepMs(8);
        t.true(ms >= 22 - 1e-9 && ms <= 23 + 1e-9, `${ms}`);
        for (const [places, turnMs] of others) model.observe(places, 5, turnMs);
        let before = 0;
        for (let places = 1; places <= 40; places++) {
          const turnMs = model.turns.stepMs(places);
          t.true(Number.isFinite(turnMs) && turnMs >= before * (1 - 1e-12), `${places}: ${turnMs}`);
          t.true(turnMs >= model.stepMs(places));
          before = turnMs;
        }
      },
    ),
  );
});

test("a profile that falls with the size, by noise, is levelled", (t) => {
  const model = new CostModel({ batchSizes: [1, 2, 4], stepMs: [6, 4, 8] }, bounds);
  t.deepEqual(
    [1, 2, 4].map((size) => model.stepMs(size)),
    [5, 5, 8],
  );
});

test("a profile without sizes is refused", (t) => {
  t.throws(() => new CostModel({ batchSizes: [], stepMs: [] }, bounds), { message: /no sizes/ });
});
