import { COLORS, escapeHtml, lineChart, type Series } from "./chart.ts";
import { MEASURE_NAMES, MEASURES, type Measure, type Summary } from "./latencies.ts";
import type { Report, TaskReport } from "./report.ts";
import { goodputText, settledText } from "./report-text.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1d1d24; --soft: #62626e; --line: #dcdce3; --paper: #fcfcfd; --warn: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf1; --soft: #a2a2b0; --line: #33333d; --paper: #15151a; --warn: #ff8a80; }
  polyline, .legend i { filter: brightness(1.4); }
}
body { margin: 2rem auto; max-width: 84rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); } .warn { color: var(--warn); font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.2rem 0; }
.figures b { display: block; font-size: 1.5rem; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; }
th { color: var(--soft); } th:first-child, td:first-child { text-align: left; }
svg { width: 100%; font: 11px system-ui, sans-serif; fill: var(--soft); }
svg .title { font-size: 13px; font-weight: 600; fill: var(--ink); } svg .grid { stroke: var(--line); }
.legend span { margin-right: 1rem; font-size: 13px; } .legend i { display: inline-block; width: 1.1em; height: .25em; margin: 0 .4em .2em 0; }
`;

/** A report as one page that needs nothing else. */
export function reportHtml(report: Report): string {
  const { scenario, description, settled, all, tasks } = report;
  const shown = tasks.length > 1 ? [all, ...tasks] : [all];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(scenario)}: a load test of scorestream</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(scenario)}</h1>
<p>${escapeHtml(description)}</p>
<p class="soft">${escapeHtml(`${report.date}, ${report.machine}, seed ${report.seed}, ${report.countedS} s counted after ${report.warmupS} s of warm-up`)}</p>
<p class="${settled?.settled === false ? "warn" : "soft"}">${escapeHtml(settledText(report))}</p>
${headline(report)}
<div class="charts">
${charts(report).join("\n")}
</div>
${shown.map(taskSection).join("\n")}
</body>
</html>
`;
}

function headline({ perSecond, all }: Report): string {
  const figures: readonly (readonly [name: string, value: string])[] = [
    ["jobs/s", perSecond.jobs.toFixed(2)],
    ["images/s", perSecond.images.toFixed(2)],
    ["results/s", perSecond.results.toFixed(2)],
    ["evaluations/s", perSecond.evaluations.toFixed(0)],
    ["goodput", all.goodput === null ? "none judged" : `${(100 * all.goodput).toFixed(1)} %`],
    ["first preview, p95", milliseconds(all.latencies.firstPreview)],
    ["total, p95", milliseconds(all.latencies.total)],
    ["could not be sent", String(all.unsent)],
  ];
  const items = figures.map(([name, value]) => `<div>${name}<b>${escapeHtml(value)}</b></div>`);
  return `<div class="figures">${items.join("")}</div>`;
}

function milliseconds({ count, p95 }: Summary): string {
  return count === 0 ? "none" : `${p95.toFixed(0)} ms`;
}

function charts({ moments, all, tasks, warmupS }: Report): string[] {
  const overTime = (names: readonly (keyof Report["moments"][number])[]): Series[] =>
    names.map((name, i) => ({
      name: NAMES_OVER_TIME[name] ?? name,
      color: COLORS[i % COLORS.length] ?? "",
      points: moments.map((moment) => [moment.second, moment[name]] as const),
    }));
  const seconds = { label: `seconds, of which the first ${warmupS} are warm-up` };
  return [
    lineChart("In flight", overTime(["inFlight"]), seconds, { label: "jobs" }),
    lineChart("Arrivals and ends", overTime(["scheduled", "completed", "failed"]), seconds, {
      label: "jobs/s",
    }),
    lineChart("Network evaluations", overTime(["evaluations"]), seconds, {
      label: "evaluations/s",
    }),
    percentiles(
      "Latencies of all jobs",
      (["firstEvent", "firstPreview", "previewGap", "total"] as const).map((measure) => [
        MEASURE_NAMES[measure],
        all.latencies[measure],
      ]),
    ),
    ...(tasks.length > 1
      ? [
          byTask("Time to the first preview by task", tasks, "firstPreview"),
          byTask("Total time by task", tasks, "total"),
        ]
      : []),
  ];
}

const NAMES_OVER_TIME: Readonly<Record<string, string>> = {
  inFlight: "jobs in flight",
  scheduled: "scheduled",
  completed: "completed",
  failed: "ended otherwise",
  evaluations: "evaluations",
};

function byTask(title: string, tasks: readonly TaskReport[], measure: Measure): string {
  return percentiles(
    title,
    tasks.map(({ name, latencies }) => [name, latencies[measure]]),
  );
}

/** HdrHistogram's own picture: the nines at even distances. */
function percentiles(title: string, lines: readonly (readonly [string, Summary])[]): string {
  const drawn = lines.filter(([, { count }]) => count > 0);
  const series = drawn.map(([name, { curve }], i) => ({
    name,
    color: COLORS[i % COLORS.length] ?? "",
    points: curve.map(([percentile, ms]) => [nines(percentile), ms] as const),
  }));
  const most = Math.max(...series.flatMap(({ points }) => points.map(([x]) => x)));
  const ticks = [0, 50, 90, 99, 99.9, 99.99]
    .map((percentile) => [nines(percentile), String(percentile)] as const)
    .filter(([at]) => at <= most);
  return lineChart(title, series, { label: "percentile", ticks }, { label: "ms", log: true });
}

function nines(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}

function taskSection(task: TaskReport): string {
  const { name, planned, outcomes, latencies } = task;
  const ends = Object.entries(outcomes).map(([outcome, jobs]) => `${outcome} ${jobs}`);
  const rows = MEASURES.filter((measure) => latencies[measure].count > 0).map((measure) => {
    const { p50, p90, p95, p99, max, count } = latencies[measure];
    const figures = [p50, p90, p95, p99, max].map((ms) => `<td>${ms.toFixed(1)}</td>`);
    return `<tr><td>${MEASURE_NAMES[measure]}</td>${figures.join("")}<td>${count}</td></tr>`;
  });
  return `<h2>${escapeHtml(name === "all" ? "All jobs" : name)}</h2>
<p>${escapeHtml(`${planned} jobs: ${ends.join(", ") || "none"}; ${goodputText(task)}`)}</p>
<div class="table"><table>
<tr><th>ms</th><th>p50</th><th>p90</th><th>p95</th><th>p99</th><th>max</th><th>count</th></tr>
${rows.join("\n")}
</table></div>`;
}
