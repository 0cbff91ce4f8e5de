import { fileURLToPath } from "node:url";
import test from "ava";
import { readScenario } from "../open-loop/read-scenario.ts";
import { soak } from "./soak.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Of `npm run bench:soak`: the figures are there and nothing is lost; a few seconds say nothing of a slope. */
test("streams in flight over several connections are all accounted for", async (t) => {
  t.timeout(300_000); // until hundreds have ended, maybe beside other tests
  const scenario = await readScenario(`${ROOT}loadtest/scenarios/streams.yaml`);
  const tasks = scenario.tasks.filter(({ name }) => name === "mixture" || name === "left");
  const serverFlags = ["--models", `${ROOT}models`];
  const soaked = await soak({
    scenario: { ...scenario, tasks, serverFlags },
    streams: 100,
    connections: 8,
    seconds: 0,
    warmupS: 0,
    everyS: 0.2,
  });
  t.is(soaked.lost, 0, JSON.stringify(soaked.faults));
  t.true(soaked.ended >= 100 && soaked.left > 0);
  t.is(soaked.leastInFlight, 100);
  t.true(soaked.samples >= 12 && soaked.rss.meanKib > soaked.heapUsed.meanKib);
  for (const { slopeKibPerMinute, standardError } of [soaked.rss, soaked.heapUsed]) {
    t.true(Number.isFinite(slopeKibPerMinute) && standardError > 0);
  }
});
