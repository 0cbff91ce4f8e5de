import test from "ava";
import type { GraphSource, ProfileAnswer, ProfileTask } from "../../worker/protocol.ts";
import { profileTeam } from "./team-profile.ts";

const SOURCE = { key: "score", path: "score.onnx" } as GraphSource;
const TASK: ProfileTask = {
  ...{ kind: "profile", source: SOURCE, enoughMs: 250 },
  batchSizes: [1, 2, 4, 8, 16, 32],
};
const ALONE: ProfileAnswer = { ok: true, stepMs: [2, 4, 8, 16, 32, 64], placesPerRun: 16 };

/** A team of two whose workers take so long for a place, and what they were asked. */
function measure(placeMs: number, sizes: number, asked: ProfileTask[] = [], perRun?: number) {
  return profileTeam(TASK, ALONE, { workers: 2, leastGain: 1.02 }, async (task) => {
    asked.push(task);
    const stepMs = task.batchSizes.slice(0, sizes).map((places) => placeMs * places);
    return { ok: true, stepMs, ...(perRun === undefined ? {} : { placesPerRun: perRun }) };
  });
}

test("a team that is faster has the batches that it shares, one worker those of one row", async (t) => {
  const asked: ProfileTask[] = [];
  const { stepMs, team, placesPerRun } = await measure(3.2, 5, asked, 8);
  t.deepEqual(asked[0]?.batchSizes, [1, 2, 4, 8, 16]);
  t.is(asked[0]?.source.team?.workers, 2);
  t.is(placesPerRun, 16);
  t.like(team, { workers: 2, placesPerRun: 8 });
  t.true(Math.abs((team?.gain ?? 0) - 1.25) < 1e-9);
  t.deepEqual(stepMs, [2, 3.2, 6.4, 12.8, 25.6, 51.2]);
});

test("sizes that were not measured take as long a place as the last that was", async (t) => {
  const { stepMs, team } = await measure(3.2, 3);
  t.is(team?.placesPerRun, 4, "no run has more places than were measured");
  t.is((await measure(3.2, 3, [], 2)).team?.placesPerRun, 2);
  t.is((await measure(3.2, 5)).team?.placesPerRun, undefined);
  t.deepEqual(stepMs, [2, 3.2, 6.4, 12.8, 25.6, 51.2]);
});

test("a team that is hardly faster, or that can't share any of the sizes, is none", async (t) => {
  t.is(await measure(3.95, 5), ALONE);
  const small = { ...TASK, batchSizes: [1] };
  const options = { workers: 2, leastGain: 0 };
  const none = await profileTeam(small, { ok: true, stepMs: [2] }, options, () => {
    throw new Error("it was asked");
  });
  t.deepEqual(none, { ok: true, stepMs: [2] });
});
