import type { Priority } from "../../server/engine/device-schedule.ts";
import type { Scenario } from "./scenario.ts";
import type { Ended } from "./simulation.ts";
import type { JobStatistics, Statistics, Times } from "./statistics.ts";

/** Of a list of times, in ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface JobsReport {
  readonly jobs: number;
  /** From arrival to the end of the first step: what can be previewed. */
  readonly firstStepMs: Percentiles;
  /** From arrival to the end of the last row. */
  readonly finishMs: Percentiles;
}

export interface TenantReport extends JobsReport {
  /** Of all device time while jobs came. */
  readonly share: number;
}

export interface Report {
  readonly devices: number;
  readonly jobs: number;
  readonly rows: number;
  readonly evaluations: number;
  readonly refused: number;
  /** Jobs that were cancelled before they ended. */
  readonly cancelled: number;
  /** Share of the evaluations that these had had by then. */
  readonly abandoned: number;
  /** From a cancel until all registers of its job are free, in ms. */
  readonly freedMs: Percentiles;
  readonly unfinished: number;
  /** Simulated time, in ms. */
  readonly endedMs: number;
  /** Share of the time that devices were evaluating. */
  readonly busy: number;
  readonly batches: number;
  /** Places of the mean batch over its lane's limit. */
  readonly batchFullness: number;
  /** Of admitted jobs with a deadline; null where there are none. */
  readonly deadlinesMet: number | null;
  /** Devices that were lost, each time counted, and the rows that went elsewhere. */
  readonly deviceFaults: number;
  readonly movedRows: number;
  readonly classes: Readonly<Record<Priority, JobsReport>>;
  readonly tenants: Readonly<Record<string, TenantReport>>;
}

export function report({ devices }: Scenario, ended: Ended, statistics: Statistics): Report {
  const { jobs, rows, evaluations, refusals, batches, fullness, due, met } = statistics;
  const { classes, tenants, cancels, abandoned, freeing } = statistics;
  const { left, endedMs, busyMs, deviceFaults, movedRows } = ended;
  const allMs = sum([...tenants.values()].map(({ deviceMs }) => deviceMs));
  return {
    devices: devices.length,
    ...{ jobs, rows, evaluations, endedMs, batches, deviceFaults, movedRows },
    refused: refusals,
    cancelled: cancels,
    abandoned: abandoned / evaluations,
    freedMs: percentiles(freeing),
    unfinished: left.size,
    busy: sum(busyMs) / (endedMs * devices.length),
    batchFullness: fullness / batches,
    deadlinesMet: due === 0 ? null : met / due,
    classes: { interactive: ofJobs(classes.interactive), batch: ofJobs(classes.batch) },
    tenants: Object.fromEntries(
      [...tenants].map(([name, tenant]) => [
        name,
        { ...ofJobs(tenant), share: tenant.deviceMs / allMs },
      ]),
    ),
  };
}

/** For people; a table of the classes and of the tenants, the heaviest first, at most so many. */
export function text(found: Report, mostTenants = 12): string {
  const { deadlinesMet, classes, cancelled, abandoned, freedMs } = found;
  const lines = [
    `${found.jobs} jobs, ${found.rows} rows, ${found.evaluations} evaluations on ${found.devices} devices in ${(found.endedMs / 1000).toFixed(1)} simulated s`,
    `devices busy ${percent(found.busy)}, batches ${percent(found.batchFullness)} full, ${found.refused} jobs refused, ${found.unfinished} not ended`,
    `devices lost ${found.deviceFaults} times, with ${found.movedRows} rows that went on elsewhere`,
    `${cancelled} jobs cancelled, after ${percent(abandoned)} of all evaluations; their registers were free within ${freedMs.p50.toFixed(0)} ms (p50), ${freedMs.p99.toFixed(0)} ms (p99)`,
    `deadlines met: ${deadlinesMet === null ? "none set" : percent(deadlinesMet)}`,
    "",
    "                  jobs   share   first step, ms: p50     p95     p99   finish, ms: p50     p95     p99",
  ];
  const add = (name: string, of: JobsReport, share: string): void => {
    const cell = (ms: number): string => ms.toFixed(0).padStart(8);
    const times = ({ p50, p95, p99 }: Percentiles): string => cell(p50) + cell(p95) + cell(p99);
    lines.push(
      `${name.padEnd(14)}${String(of.jobs).padStart(8)}${share.padStart(8)}${" ".repeat(16)}${times(of.firstStepMs)}${" ".repeat(12)}${times(of.finishMs)}`,
    );
  };
  for (const [name, of] of Object.entries(classes)) if (of.jobs > 0) add(`all ${name}`, of, "");
  const tenants = Object.entries(found.tenants).sort(([, a], [, b]) => b.share - a.share);
  for (const [name, of] of tenants.slice(0, mostTenants)) add(name, of, percent(of.share));
  if (tenants.length > mostTenants) lines.push(`and ${tenants.length - mostTenants} tenants more`);
  return lines.join("\n");
}

function ofJobs({ jobs, firstStep, finish }: JobStatistics): JobsReport {
  return { jobs, firstStepMs: percentiles(firstStep), finishMs: percentiles(finish) };
}

function percentiles(times: Times): Percentiles {
  const at = (percent: number): number => (times.count === 0 ? 0 : times.percentile(percent));
  return { p50: at(50), p95: at(95), p99: at(99) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
