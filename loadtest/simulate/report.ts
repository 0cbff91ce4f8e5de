import { deviceTime, type Outcome, type Scenario } from "./simulate.ts";
import type { SimulatedJob } from "./simulated-device.ts";

/** Of a list of times, in ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface TenantReport {
  readonly jobs: number;
  /** Of all device time while jobs came. */
  readonly share: number;
  /** From arrival to the end of the first step: what can be previewed. */
  readonly firstStepMs: Percentiles;
  /** From arrival to the end of the last row. */
  readonly finishMs: Percentiles;
}

export interface Report {
  readonly devices: number;
  readonly jobs: number;
  readonly rows: number;
  readonly evaluations: number;
  readonly refused: number;
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
  readonly tenants: Readonly<Record<string, TenantReport>>;
}

export function report({ endMs, devices }: Scenario, outcome: Outcome): Report {
  const { jobs, batches, refused, endedMs, busyMs } = outcome;
  const times = deviceTime(outcome, 0, endMs);
  const allMs = sum([...times.values()]);
  const byTenant = new Map<string, SimulatedJob[]>();
  for (const job of jobs) {
    const mine = byTenant.get(job.tenant);
    if (mine === undefined) byTenant.set(job.tenant, [job]);
    else mine.push(job);
  }
  const due = jobs.filter(({ deadlineMs }) => deadlineMs !== undefined);
  const met = due.filter(
    ({ endMs: end, deadlineMs = 0 }) => end !== undefined && end <= deadlineMs,
  );
  return {
    devices: devices.length,
    jobs: jobs.length,
    rows: sum(jobs.map(({ rows }) => rows)),
    evaluations: sum(batches.map(({ places }) => places)),
    refused: refused.length,
    unfinished: jobs.filter(({ endMs: end }) => end === undefined).length,
    endedMs,
    busy: sum(busyMs) / (endedMs * devices.length),
    batches: batches.length,
    batchFullness: sum(batches.map(({ places, limit }) => places / limit)) / batches.length,
    deadlinesMet: due.length === 0 ? null : met.length / due.length,
    tenants: Object.fromEntries(
      [...byTenant].map(([tenant, mine]) => [
        tenant,
        {
          jobs: mine.length,
          share: (times.get(tenant) ?? 0) / allMs,
          firstStepMs: percentiles(mine.map((job) => (job.firstStepMs ?? endedMs) - job.atMs)),
          finishMs: percentiles(mine.map((job) => (job.endMs ?? endedMs) - job.atMs)),
        },
      ]),
    ),
  };
}

/** For people; a table of tenants, the heaviest first, at most so many. */
export function text(found: Report, mostTenants = 12): string {
  const { deadlinesMet } = found;
  const lines = [
    `${found.jobs} jobs, ${found.rows} rows, ${found.evaluations} evaluations on ${found.devices} devices in ${(found.endedMs / 1000).toFixed(1)} simulated s`,
    `devices busy ${percent(found.busy)}, batches ${percent(found.batchFullness)} full, ${found.refused} jobs refused, ${found.unfinished} not ended`,
    `deadlines met: ${deadlinesMet === null ? "none set" : percent(deadlinesMet)}`,
    "",
    "tenant            jobs   share   first step, ms: p50     p95     p99   finish, ms: p50     p95     p99",
  ];
  const tenants = Object.entries(found.tenants).sort(([, a], [, b]) => b.share - a.share);
  for (const [tenant, { jobs, share, firstStepMs, finishMs }] of tenants.slice(0, mostTenants)) {
    const cell = (ms: number): string => ms.toFixed(0).padStart(8);
    const times = ({ p50, p95, p99 }: Percentiles): string => cell(p50) + cell(p95) + cell(p99);
    lines.push(
      `${tenant.padEnd(14)}${String(jobs).padStart(8)}${percent(share).padStart(8)}${" ".repeat(16)}${times(firstStepMs)}${" ".repeat(12)}${times(finishMs)}`,
    );
  }
  if (tenants.length > mostTenants) lines.push(`and ${tenants.length - mostTenants} more`);
  return lines.join("\n");
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
