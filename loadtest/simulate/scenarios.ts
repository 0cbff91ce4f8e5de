import { CPU, GPU } from "./device-model.ts";
import type { Scenario } from "./scenario.ts";

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
  /** People look at previews, and one in five has soon seen enough, while 500 batch jobs fill one GPU. */
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
      {
        tenant: "people",
        perSecond: 4,
        rows: [1, 4],
        evaluations: [20, 50],
        cancels: { share: 0.2, afterMs: [100, 1000] },
      },
    ],
    endMs: 30_000,
  },
  /** Deadlines beside a crowd, on CPUs, with admission. */
  deadlines: {
    devices: [cpu, cpu, cpu, cpu],
    sources: [
      {
        tenant: "crowd",
        perSecond: 6,
        rows: [4, 8],
        evaluations: [20, 60],
        cancels: { share: 0.1, afterMs: [0, 20_000] },
      },
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
  /** A million jobs of a thousand tenants on a thousand devices of three kinds and for four models, some of which are lost. */
  fleet: fleet(),
};

/**
 * Seven tenths of what a thousand devices do in full batches. Half of them serve two models, the others two others; a fifth are slower.
 * Every tenth tenant sends six times as much as the others, every fourth sends batch work, every eighth has deadlines. One job in
 * ten is cancelled, if it has not ended.
 */
function fleet(): Scenario {
  const slow = { ...gpu, stepMs: (places: number) => 2 * gpu.stepMs(places) };
  const models = [
    ["digits", "faces"],
    ["rooms", "birds"],
  ] as const;
  const perSecond = (i: number): number => (i % 10 === 0 ? 460 : 77);
  return {
    devices: Array.from({ length: 1000 }, (_, i) => {
      const kind = i % 5 === 0 ? slow : gpu;
      return { ...kind, models: models[i % 2] ?? [] };
    }),
    sources: Array.from({ length: 1000 }, (_, i) => ({
      tenant: `tenant ${i}`,
      model: models.flat()[(i >> 1) % 4] ?? "",
      priority: i % 4 === 0 ? ("batch" as const) : ("interactive" as const),
      perSecond: perSecond(i),
      rows: [1, 2] as const,
      evaluations: [5, 15] as const,
      cancels: { share: 0.1, afterMs: [0, 1000] as const },
      ...(i % 8 === 3 && { deadlineMs: [2000, 5000] as const }),
    })),
    endMs: 8_700,
    maxActiveRows: 256,
    faults: { meanUpMs: 100_000, meanDownMs: 3_000 },
  };
}
