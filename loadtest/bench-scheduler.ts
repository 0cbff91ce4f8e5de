/**
 * The scheduler against a server that batches requests, under a simulated clock, and what its decisions cost.
 *
 *   npm run bench:scheduler [-- --write]
 *
 * Prints a table, and as its last line the figures as JSON. `--write` puts the table into docs/simulation.md and draws
 * docs/scheduler.svg.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type LoadRow, picture } from "./bench-scheduler-picture.ts";
import { machine } from "./machine.ts";
import { between } from "./page.ts";
import { type Comparison, compare, KINDS } from "./simulate/comparison.ts";
import { type DecisionCost, measureDecisionCost } from "./simulate/decision-cost.ts";

const DEVICES = 4;
const END_MS = 30_000;
const SEED = 1;
const LOADS = [0.5, 0.6, 0.7, 0.8, 0.9];
/** The load of the figures. */
const STATED_LOAD = 0.8;
/** The rival's best case: everybody sends the same. */
const ONE_KIND = [{ sampler: "DDIM", evaluations: 50, part: 1 }];

const ROWS = [1e3, 1e4, 1e5, 1e6];
/** Rows that have registers, as `--max-active-rows` bounds them; and no bound. */
const REGISTERS = 512;
const DECISIONS = 4000;

interface Row extends LoadRow {
  readonly what: string;
  readonly comparison: Comparison;
}

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const costs = measureDecisionCost(ROWS, REGISTERS, DECISIONS);
const unbounded = measureDecisionCost(ROWS, Number.MAX_SAFE_INTEGER, DECISIONS);
const mixed = LOADS.map((load) => rowOf(load, KINDS, "four samplers"));
const same = rowOf(STATED_LOAD, ONE_KIND, "one sampler");
const table = [loadTable([...mixed, same]), "", costTable()].join("\n");
console.log(table);
if (values.write) {
  const page = "docs/simulation.md";
  writeFileSync(page, between(readFileSync(page, "utf8"), table));
  writeFileSync("docs/scheduler.svg", picture(mixed, costs, unbounded));
}
const stated = mixed.find(({ load }) => load === STATED_LOAD);
if (stated === undefined) throw new RangeError("the stated load was not measured");
console.log(
  JSON.stringify({
    benchmark: "scheduler",
    decisionCostRatio: growth(costs),
    allReadyCostRatio: growth(unbounded),
    firstPreviewP95Ratio: stated.rival.firstPreviewP95Ms / stated.ours.firstPreviewP95Ms,
    goodputRatio: stated.ours.goodput / stated.rival.goodput,
    machine: machine(),
  }),
);

function rowOf(load: number, kinds: typeof KINDS, what: string): Row {
  const comparison = compare({ devices: DEVICES, load, kinds, endMs: END_MS, seed: SEED });
  const { ours, rival } = comparison;
  return { load, what, comparison, ours, rival };
}

function loadTable(rows: readonly Row[]): string {
  return [
    "| load | jobs | first preview p95, ms: ours | rival | rival's over ours | in time: ours | rival | rival's set-ups |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...rows.map(({ load, what, ours, rival, comparison }) => {
      const ratio = rival.firstPreviewP95Ms / ours.firstPreviewP95Ms;
      const { forPreviews, forDeadlines } = comparison.rival;
      return `| ${percent(load)}, ${what} | ${comparison.jobs} | ${ours.firstPreviewP95Ms.toFixed(0)} | ${rival.firstPreviewP95Ms.toFixed(0)} | ${ratio.toFixed(1)} | ${percent(ours.goodput, 1)} | ${percent(rival.goodput, 1)} | ${forPreviews}; ${forDeadlines} |`;
    }),
  ].join("\n");
}

function costTable(): string {
  const cell = (of: readonly DecisionCost[], k: number): string => {
    const { medianMs = 0, p99Ms = 0 } = of[k] ?? {};
    const ratio = medianMs / (of[0]?.medianMs ?? medianMs);
    return `${medianMs.toFixed(3)} | ${p99Ms.toFixed(2)} | ${ratio.toFixed(1)}`;
  };
  return [
    `| rows | ${REGISTERS} have registers: median, ms | p99 | over that of 1,000 | all have registers: median, ms | p99 | over that of 1,000 |`,
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...ROWS.map(
      (rows, k) => `| ${rows.toLocaleString("en")} | ${cell(costs, k)} | ${cell(unbounded, k)} |`,
    ),
  ].join("\n");
}

/** The cost at most rows over that at fewest. */
function growth(of: readonly DecisionCost[]): number {
  return (of.at(-1)?.medianMs ?? 0) / (of[0]?.medianMs ?? 1);
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
