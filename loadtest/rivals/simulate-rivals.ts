/**
 * The scenario of `npm run bench:rivals` under a simulated clock, with the server's own scheduler: many times as many jobs, in
 * seconds, so that what is seen is the order and not the draw. The rival has no overhead here but that of a step.
 *
 *   npm run simulate:rivals [-- --load 0.8 --minutes 60 --seed 1]
 */
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { columns } from "../open-loop/report-text.ts";
import { type Latencies, simulateRivals } from "../simulate/rivals.ts";

const { values } = parseArgs({
  options: {
    load: { type: "string", default: "0.8" },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const load = Number(values.load);
const { jobs, ours, requests } = simulateRivals(
  load,
  60_000 * Number(values.minutes),
  Number(values.seed),
);
const head = ["ms", "first step p95: ours", "requests", "total p50: ours", "requests"];
const rows = Object.entries(ours).map(([kind, mine]) => {
  const theirs = requests[kind] ?? mine;
  const cells = (["firstStepP95Ms", "totalP50Ms", "totalP95Ms"] as const).flatMap((figure) => [
    mine[figure].toFixed(0),
    theirs[figure].toFixed(0),
  ]);
  return [kind, ...cells];
});
const table = columns([[...head, "total p95: ours", "requests"], ...rows]);
process.stdout.write(`${table.join("\n")}\n`);
const ratio = (kind: string, figure: keyof Latencies): number =>
  (requests[kind]?.[figure] ?? Number.NaN) / (ours[kind]?.[figure] ?? Number.NaN);
const byKind = Object.keys(ours).map((kind) => [kind, ratio(kind, "totalP95Ms")]);
const figures = {
  benchmark: "simulated rivals",
  firstPreviewP95Ratio: ratio("all", "firstStepP95Ms"),
  totalP95Ratio: ratio("all", "totalP95Ms"),
  totalP95RatioByKind: Object.fromEntries(byKind),
  ...{ load, jobs, machine: machine() },
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
