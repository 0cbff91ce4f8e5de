import { MEASURE_NAMES, MEASURES } from "./latencies.ts";
import type { Report } from "./report.ts";
import { columns, settledText } from "./report-text.ts";

/** One figure of two runs. */
export interface Compared {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** After over before; 1 where both are 0. */
  readonly ratio: number;
  /** Which way is better. */
  readonly better: "lower" | "higher";
}

/** The same figures of two runs side by side: of all jobs, and of each task that both have. */
export function compare(before: Report, after: Report): Compared[] {
  const rows: Compared[] = [];
  const add = (name: string, a: number, b: number, better: Compared["better"]): void => {
    rows.push({ name, before: a, after: b, ratio: a === b ? 1 : b / a, better });
  };
  add("jobs/s", before.perSecond.jobs, after.perSecond.jobs, "higher");
  add("images/s", before.perSecond.images, after.perSecond.images, "higher");
  add("results/s", before.perSecond.results, after.perSecond.results, "higher");
  add("evaluations/s", before.perSecond.evaluations, after.perSecond.evaluations, "higher");
  for (const task of [before.all, ...before.tasks]) {
    const other = [after.all, ...after.tasks].find(({ name }) => name === task.name);
    if (other === undefined) continue;
    if (task.goodput !== null && other.goodput !== null) {
      add(`${task.name}: goodput`, task.goodput, other.goodput, "higher");
    }
    for (const measure of MEASURES) {
      const [a, b] = [task.latencies[measure], other.latencies[measure]];
      if (a.count === 0 || b.count === 0) continue;
      for (const percentile of ["p50", "p95", "p99"] as const) {
        const name = `${task.name}: ${MEASURE_NAMES[measure]}, ${percentile}, ms`;
        add(name, a[percentile], b[percentile], "lower");
      }
    }
  }
  return rows;
}

/** Figures that are worse by more than the gate, as a share: 0.05 is 5 %. */
export function worse(rows: readonly Compared[], gate: number): Compared[] {
  return rows.filter(({ ratio, better }) =>
    better === "lower" ? ratio > 1 + gate : ratio < 1 - gate,
  );
}

export function compareText(before: Report, after: Report, rows: readonly Compared[]): string {
  return [
    `before: ${before.scenario}, ${before.date}; ${settledText(before)}`,
    `after:  ${after.scenario}, ${after.date}; ${settledText(after)}`,
    ...(before.machine === after.machine
      ? []
      : [`NOT THE SAME MACHINE: ${before.machine}; ${after.machine}`]),
    "",
    ...columns([
      ["", "before", "after", "after/before"],
      ...rows.map(({ name, before: a, after: b, ratio }) => [
        name,
        a.toFixed(2),
        b.toFixed(2),
        ratio.toFixed(3),
      ]),
    ]),
    "",
  ].join("\n");
}
