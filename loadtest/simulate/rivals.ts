import { quantileOf } from "../statistics.ts";
import type { DeviceModel } from "./device-model.ts";
import { Random } from "./random.ts";
import { RequestBatching } from "./request-batching.ts";
import { observe } from "./simulate.ts";
import { type ArrivingJob, arrivals } from "./workload.ts";

/** The jobs of loadtest/scenarios/rivals.yaml. `guided` is a lane of its own, whose evaluations cost more. */
const KINDS = [
  { kind: "quick", part: 5 / 12, rows: 1, evaluations: 20, model: "score" },
  { kind: "several", part: 2 / 12, rows: 4, evaluations: 30, model: "score" },
  { kind: "class", part: 2 / 12, rows: 1, evaluations: 20, model: "guided" },
  { kind: "inpainted", part: 2 / 12, rows: 1, evaluations: 50, model: "score" },
  { kind: "paper", part: 1 / 12, rows: 2, evaluations: 200, model: "score" },
] as const;

/** color-digits on two cores of an Intel Xeon: steps as they were measured at 1 to 32 rows, and a turn's overhead. */
const COLOR_DIGITS: DeviceModel = {
  stepMs: (places) => 1.25 + 2.3 * places,
  limit: 32,
  jitter: 0.05,
  failures: 0,
  factors: { guided: 2.8 },
};

/** Of jobs of one kind, or of all. */
export interface Latencies {
  readonly firstStepP95Ms: number;
  readonly totalP50Ms: number;
  readonly totalP95Ms: number;
}

export interface RivalsOutcome {
  readonly jobs: number;
  /** By kind, and of `all`. */
  readonly ours: Readonly<Record<string, Latencies>>;
  readonly requests: Readonly<Record<string, Latencies>>;
}

interface Times {
  readonly job: ArrivingJob;
  readonly firstStepMs: number;
  readonly endMs: number;
}

/**
 * The scenario of `npm run bench:rivals`, simulated: one tenant, one device, no deadlines.
 *
 * @param load over what the device does in full batches
 */
export function simulateRivals(load: number, endMs: number, seed: number): RivalsOutcome {
  const { limit, stepMs, factors = {} } = COLOR_DIGITS;
  const placeMs = stepMs(limit) / limit;
  const jobMs = KINDS.reduce((sum, { part, rows, evaluations, model }) => {
    return sum + part * rows * evaluations * placeMs * (factors[model] ?? 1);
  }, 0);
  const sources = KINDS.map(({ kind, part, rows, evaluations, model }) => ({
    ...{ tenant: "", sampler: kind, model, perSecond: (1000 * load * part) / jobMs },
    rows: [rows, rows] as const,
    evaluations: [evaluations, evaluations] as const,
  }));
  const jobs = [...arrivals(sources, endMs, seed)];
  const ours: Times[] = [];
  observe({ devices: [COLOR_DIGITS], sources, endMs }, seed, jobs, {
    ended: (job, nowMs) => {
      ours.push({ job, firstStepMs: job.firstStepMs ?? nowMs, endMs: nowMs });
    },
  });
  const setUp = { devices: [COLOR_DIGITS], maxDelayMs: 0, first: "oldest" } as const;
  const requests = new RequestBatching(setUp, new Random(seed)).run(jobs);
  return { jobs: jobs.length, ours: latenciesOf(ours), requests: latenciesOf(requests) };
}

function latenciesOf(times: readonly Times[]): Record<string, Latencies> {
  const of = (mine: readonly Times[]): Latencies => {
    const totals = mine.map(({ job, endMs }) => endMs - job.atMs);
    return {
      firstStepP95Ms: quantileOf(
        mine.map(({ job, firstStepMs }) => firstStepMs - job.atMs),
        0.95,
      ),
      totalP50Ms: quantileOf(totals, 0.5),
      totalP95Ms: quantileOf(totals, 0.95),
    };
  };
  const byKind = KINDS.map(({ kind }) => {
    return [kind, of(times.filter(({ job }) => job.sampler === kind))] as const;
  });
  return { all: of(times), ...Object.fromEntries(byKind) };
}
