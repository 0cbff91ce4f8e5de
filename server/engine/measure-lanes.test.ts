import test from "ava";
import type { GraphSource, ProfileAnswer, ProfileTask } from "../../worker/protocol.ts";
import { type Bench, measureLane, sizesUpTo } from "./measure-lanes.ts";

const SOURCE = { key: "score", path: "score.onnx" } as GraphSource;
const BOUNDS = { maxPlaces: 4, maxStepMs: 100 };

/** Answers every profile in one way, and tells what was asked. */
function bench(answer: ProfileAnswer, asked: ProfileTask[] = []): Bench {
  return {
    derive: () => Promise.reject(new Error("nothing is derived here")),
    profile: (task) => {
      asked.push(task);
      return Promise.resolve(answer);
    },
  };
}

test("a lane's batches are run by as many places as its worker found best", async (t) => {
  const inRuns = bench({ ok: true, stepMs: [5, 9, 18], placesPerRun: 2 });
  const { source, cost } = await measureLane(SOURCE, inRuns, BOUNDS);
  t.deepEqual(source, { ...SOURCE, placesPerRun: 2 });
  t.is(cost.limit, 4);

  const whole = await measureLane(SOURCE, bench({ ok: true, stepMs: [5, 6, 8] }), BOUNDS);
  t.deepEqual(whole.source, SOURCE);
});

test("where batches are filled up, the sizes that they are filled up to are measured, and no others", async (t) => {
  const asked: ProfileTask[] = [];
  const filling = bench({ ok: true, stepMs: [5, 8] }, asked);
  const { cost } = await measureLane(SOURCE, filling, BOUNDS, [1, 4, 16]);
  t.deepEqual(asked[0]?.batchSizes, [1, 4]);
  t.is(cost.stepMs(2), 8);
  t.is(cost.limit, 4);
});

test("sizes up to the first that is large enough", (t) => {
  t.deepEqual(sizesUpTo(5, [1, 8, 64]), [1, 8]);
  t.deepEqual(sizesUpTo(100, [1, 8, 64]), [1, 8, 64]);
  t.deepEqual(sizesUpTo(1, [1, 8, 64]), [1]);
});
