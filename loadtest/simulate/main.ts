/**
 * The server's scheduler under a simulated clock: fleets and loads that this machine does not have.
 *
 *   npm run simulate -- --scenario tenants [--seed 1]
 *
 * Writes a report, and as its last line the same as JSON.
 */
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { report, text } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { observe } from "./simulate.ts";
import { Statistics } from "./statistics.ts";

const { values } = parseArgs({
  options: { scenario: { type: "string" }, seed: { type: "string", default: "1" } },
});
const scenario = SCENARIOS[values.scenario ?? ""];
const seed = Number(values.seed);
if (scenario === undefined || !Number.isSafeInteger(seed) || seed < 0) {
  console.error(
    `expected --scenario with one of ${Object.keys(SCENARIOS).join(", ")}, and --seed with an integer >= 0; seen ${JSON.stringify(values)}`,
  );
  process.exitCode = 2;
} else {
  const started = performance.now();
  const statistics = new Statistics(scenario.endMs);
  const ended = observe(scenario, seed, undefined, statistics);
  statistics.close(ended);
  const seconds = (performance.now() - started) / 1000;
  const found = report(scenario, ended, statistics);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(
    `scenario ${values.scenario}, seed ${seed}: computed in ${seconds.toFixed(1)} s, in at most ${peakMiB.toFixed(0)} MiB\n`,
  );
  console.log(text(found));
  const run = { scenario: values.scenario, seed, seconds, peakMiB, machine: machine() };
  console.log(JSON.stringify({ ...run, ...found }));
}
