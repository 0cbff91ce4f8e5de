import { MEASURE_NAMES, MEASURES, type Summary } from "./latencies.ts";
import type { Report, TaskReport } from "./report.ts";

/** A report for a terminal. */
export function reportText(report: Report): string {
  const { all, tasks, perSecond } = report;
  return [
    `${report.scenario}, seed ${report.seed}, ${report.date}, ${report.machine}`,
    `${report.countedS} s counted of ${report.plannedS.toFixed(0)} planned, after ${report.warmupS} s of warm-up; ${settledText(report)}`,
    `${perSecond.jobs.toFixed(2)} jobs/s, ${perSecond.images.toFixed(2)} images/s, ${perSecond.results.toFixed(2)} results/s in all, ${perSecond.evaluations.toFixed(0)} evaluations/s`,
    "",
    ...taskText(all, "all jobs"),
    ...(tasks.length > 1 ? tasks.flatMap((task) => ["", ...taskText(task, task.name)]) : []),
    "",
  ].join("\n");
}

/** Whether the figures can be relied on. */
export function settledText({ settled }: Report): string {
  if (settled === null) return "whether the figures settle was not asked";
  return settled.settled ? "the figures settled" : `NOT SETTLED: ${settled.why}`;
}

function taskText(task: TaskReport, name: string): string[] {
  const outcomes = Object.entries(task.outcomes).map(([outcome, jobs]) => `${outcome} ${jobs}`);
  const rows = MEASURES.filter((measure) => task.latencies[measure].count > 0).map((measure) => [
    MEASURE_NAMES[measure],
    ...figures(task.latencies[measure]),
  ]);
  return [
    `${name}: ${task.planned} jobs: ${outcomes.join(", ") || "none"}`,
    goodputText(task),
    ...columns([["ms", "p50", "p90", "p95", "p99", "max", "count"], ...rows]),
  ];
}

export function goodputText({ goodput, judged }: TaskReport): string {
  if (goodput === null) return "goodput: no job to judge";
  return `goodput: ${(100 * goodput).toFixed(1)} % of ${judged} completed within their goal`;
}

function figures({ p50, p90, p95, p99, max, count }: Summary): string[] {
  return [...[p50, p90, p95, p99, max].map((ms) => ms.toFixed(1)), String(count)];
}

/** Rows of fields under each other: the first at the left, figures at the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((field, i) => (i === 0 ? field.padEnd(widths[0] ?? 0) : field.padStart(widths[i] ?? 0)))
      .join("  "),
  );
}
