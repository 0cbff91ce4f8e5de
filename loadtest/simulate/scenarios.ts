import { CPU, GPU } from "./device-model.ts";
import type { Scenario } from "./simulate.ts";

/** A device as they are: steps vary, and some fail. */
const REAL = { jitter: 0.1, failures: 0.001 };
const cpu = { ...CPU, ...REAL };
const gpu = { ...GPU, ...REAL };

/** What `npm run simulate` can be asked for. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  /** One tenant sends ten times the other's load to one GPU. */
  tenants: {
    devices: [gpu],
    sources: [
      { tenant: "heavy", perSecond: 100, rows: [8, 8], evaluations: [40, 40] },
      { tenant: "light", perSecond: 10, rows: [8, 8], evaluations: [40, 40] },
    ],
    endMs: 60_000,
    finish: false,
  },
  /** People look at previews while 500 batch jobs fill one GPU. */
  interactive: {
    devices: [gpu],
    sources: [
      {
        tenant: "archive",
        priority: "batch",
        perSecond: 2500,
        burst: 50,
        untilMs: 200,
        rows: [8, 8],
        evaluations: [100, 200],
      },
      { tenant: "people", perSecond: 4, rows: [1, 4], evaluations: [20, 50] },
    ],
    endMs: 30_000,
  },
  /** Deadlines beside a crowd, on CPUs, with admission. */
  deadlines: {
    devices: [cpu, cpu, cpu, cpu],
    sources: [
      { tenant: "crowd", perSecond: 6, rows: [4, 8], evaluations: [20, 60] },
      {
        tenant: "punctual",
        perSecond: 4,
        rows: [1, 4],
        evaluations: [20, 40],
        deadlineMs: [5000, 20_000],
      },
    ],
    endMs: 60_000,
    admission: true,
  },
  /** Bursts of two models over eight GPUs. */
  bursts: {
    devices: Array.from({ length: 8 }, () => gpu),
    sources: [
      { tenant: "a", model: "m", perSecond: 150, burst: 40, rows: [1, 16], evaluations: [20, 50] },
      { tenant: "b", model: "n", perSecond: 100, burst: 5, rows: [1, 8], evaluations: [20, 100] },
    ],
    endMs: 30_000,
    maxActiveRows: 1024,
  },
  /** 10^5 rows and more of a thousand tenants on a hundred GPUs. */
  fleet: {
    devices: Array.from({ length: 100 }, () => gpu),
    sources: Array.from({ length: 1000 }, (_, i) => ({
      tenant: `tenant ${i}`,
      priority: i % 4 === 0 ? ("batch" as const) : ("interactive" as const),
      perSecond: i % 10 === 0 ? 12 : 2,
      rows: [1, 8] as const,
      evaluations: [10, 30] as const,
    })),
    endMs: 10_000,
  },
};
