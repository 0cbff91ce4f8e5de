import test from "ava";
import type { GraphSource, ProfileAnswer, ProfileTask } from "../../worker/protocol.ts";
import type { Model } from "../models/model.ts";
import { type Bench, measureLanes } from "./measure-lanes.ts";

const SOURCE = { key: "score", path: "score.onnx" } as GraphSource;
const model = { name: "m", id: "1", graphs: new Map([["score", SOURCE]]) } as unknown as Model;

/** Answers every profile in one way. */
function bench(answer: ProfileAnswer): Bench {
  return {
    derive: () => Promise.reject(new Error("nothing is derived here")),
    profile: (_: ProfileTask) => Promise.resolve(answer),
  };
}

test("a lane's batches are run by as many places as its worker found best", async (t) => {
  const bounds = { maxPlaces: 4, maxStepMs: 100 };
  const inRuns = bench({ ok: true, stepMs: [5, 9, 18], placesPerRun: 2 });
  const [[name, lane] = []] = await measureLanes(model, inRuns, bounds);
  t.is(name, "m@1/score");
  t.deepEqual(lane?.source, { ...SOURCE, placesPerRun: 2 });
  t.is(lane?.cost.limit, 4);

  const whole = await measureLanes(model, bench({ ok: true, stepMs: [5, 6, 8] }), bounds);
  t.deepEqual(whole[0]?.[1].source, SOURCE);
});
