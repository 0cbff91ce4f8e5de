import test from "ava";
import { batchLimit, expectedStepMs, profiledSizes } from "./step-profile.ts";

test("sizes are the powers of two below the limit, and the limit", (t) => {
  t.deepEqual(profiledSizes(1), [1]);
  t.deepEqual(profiledSizes(8), [1, 2, 4, 8]);
  t.deepEqual(profiledSizes(12), [1, 2, 4, 8, 12]);
});

test("the limit is the largest batch within the bound whose throughput is not far below the best", (t) => {
  const batchSizes = [1, 2, 4, 8, 16];
  // Linear, as on a CPU: any size is as fast, the bound decides.
  t.is(batchLimit({ batchSizes, stepMs: [5, 9, 17, 33, 65] }, 40), 8);
  t.is(batchLimit({ batchSizes, stepMs: [5, 9, 17, 33, 65] }, 1000), 16);
  // Past 4 rows this device gets much slower per row.
  t.is(batchLimit({ batchSizes, stepMs: [5, 6, 8, 200, 900] }, 1000), 4);
  // Not even one row is within the bound.
  t.is(batchLimit({ batchSizes, stepMs: [500, 900, 1700, 3300, 6500] }, 100), 1);
});

test("times between and beyond measured sizes are linear", (t) => {
  const profile = { batchSizes: [1, 4], stepMs: [5, 20] };
  t.is(expectedStepMs(profile, 1), 5);
  t.is(expectedStepMs(profile, 2), 10);
  t.is(expectedStepMs(profile, 8), 40);
});

test("a batch that is filled up takes as long as the next size", (t) => {
  const profile = { batchSizes: [1, 4], stepMs: [5, 20], padded: true };
  t.is(expectedStepMs(profile, 1), 5);
  t.is(expectedStepMs(profile, 2), 20);
  t.is(expectedStepMs(profile, 8), 40);
});
