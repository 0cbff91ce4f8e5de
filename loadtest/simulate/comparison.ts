import { type DeviceModel, GPU } from "./device-model.ts";
import { Random } from "./random.ts";
import { RequestBatching, type RequestBatchingOptions } from "./request-batching.ts";
import { observe } from "./simulate.ts";
import { type ArrivingJob, arrivals, type JobSource } from "./workload.ts";

/** A sampler, its evaluations, and its part of the jobs. */
export interface JobKind {
  readonly sampler: string;
  readonly evaluations: number;
  readonly part: number;
}

/** What people send. */
export const KINDS: readonly JobKind[] = [
  { sampler: "DPM-Solver++(2M)", evaluations: 20, part: 0.4 },
  { sampler: "DDIM", evaluations: 50, part: 0.3 },
  { sampler: "Heun", evaluations: 79, part: 0.2 },
  { sampler: "predictor-corrector", evaluations: 200, part: 0.1 },
];

/** Rows of a job: uniform between the two. */
const ROWS = [1, 4] as const;

/** A deadline is so many times what the job takes in full batches: uniform between the two. */
const PATIENCE = [2, 5] as const;

/** Set-ups of the rival; each figure is that of the one that is best at it. */
const DELAYS_MS = [0, 20, 100, 500];
const ORDERS = ["full", "oldest"] as const;

const DEVICE: DeviceModel = { ...GPU, jitter: 0.1 };

export interface ComparisonOptions {
  readonly devices: number;
  /** Of the evaluations that the devices do in full batches. */
  readonly load: number;
  readonly kinds: readonly JobKind[];
  /** Jobs come until then, in ms. */
  readonly endMs: number;
  readonly seed: number;
}

export interface Served {
  /** 95 % of jobs have their first preview within this of their arrival, in ms. */
  readonly firstPreviewP95Ms: number;
  /** Share of the jobs that are done by their deadlines, where each has one. */
  readonly goodput: number;
}

export interface Comparison {
  readonly jobs: number;
  readonly ours: Served;
  readonly rival: Served & {
    /** The set-ups that the figures are from. */
    readonly forPreviews: string;
    readonly forDeadlines: string;
  };
}

/** The same jobs on the same devices, by steps and by requests. */
export function compare(options: ComparisonOptions): Comparison {
  const plain = jobsOf(options, false);
  const due = jobsOf(options, true);
  const devices = Array.from({ length: options.devices }, () => DEVICE);
  const { seed } = options;
  const setUps = DELAYS_MS.flatMap((maxDelayMs) =>
    ORDERS.map((first) => ({ devices, maxDelayMs, first })),
  );
  const name = ({ maxDelayMs, first }: RequestBatchingOptions): string =>
    `${maxDelayMs} ms, ${first} first`;
  const previews = setUps.map((each) => ({ name: name(each), p95: rivalP95(plain, each, seed) }));
  const deadlines = setUps.map((each) => ({ name: name(each), met: rivalMet(due, each, seed) }));
  const [quickest] = previews.toSorted((a, b) => a.p95 - b.p95);
  const [best] = deadlines.toSorted((a, b) => b.met - a.met);
  if (quickest === undefined || best === undefined) throw new RangeError("the rival has no set-up");
  return {
    jobs: plain.length,
    ours: {
      firstPreviewP95Ms: oursP95(plain, devices, seed),
      goodput: oursMet(due, devices, seed) / due.length,
    },
    rival: {
      firstPreviewP95Ms: quickest.p95,
      goodput: best.met / due.length,
      forPreviews: quickest.name,
      forDeadlines: best.name,
    },
  };
}

function jobsOf(options: ComparisonOptions, due: boolean): ArrivingJob[] {
  const { devices, load, kinds, endMs, seed } = options;
  const { limit, stepMs } = DEVICE;
  const rows = (ROWS[0] + ROWS[1]) / 2;
  const evaluationsAJob = kinds.reduce((sum, kind) => sum + kind.part * kind.evaluations, 0) * rows;
  const perSecond = (load * devices * 1000 * limit) / stepMs(limit) / evaluationsAJob;
  const sources = kinds.map(({ sampler, evaluations, part }): JobSource => {
    const fullMs = evaluations * stepMs(limit);
    return {
      tenant: sampler,
      sampler,
      perSecond: part * perSecond,
      rows: ROWS,
      evaluations: [evaluations, evaluations],
      ...(due && { deadlineMs: [PATIENCE[0] * fullMs, PATIENCE[1] * fullMs] }),
    };
  });
  return [...arrivals(sources, endMs, seed)];
}

function oursP95(jobs: readonly ArrivingJob[], devices: readonly DeviceModel[], seed: number) {
  const waits: number[] = [];
  const scenario = { devices, sources: [], endMs: 0 };
  observe(scenario, seed, jobs, { stepped: ({ atMs }, nowMs) => waits.push(nowMs - atMs) });
  return p95(waits);
}

function oursMet(jobs: readonly ArrivingJob[], devices: readonly DeviceModel[], seed: number) {
  let met = 0;
  const scenario = { devices, sources: [], endMs: 0, admission: true };
  observe(scenario, seed, jobs, {
    ended: ({ deadlineMs = 0 }, nowMs) => {
      if (nowMs <= deadlineMs) met++;
    },
  });
  return met;
}

function rivalP95(jobs: readonly ArrivingJob[], setUp: RequestBatchingOptions, seed: number) {
  const served = new RequestBatching(setUp, new Random(seed)).run(jobs);
  return p95(served.map(({ job, firstStepMs }) => firstStepMs - job.atMs));
}

function rivalMet(jobs: readonly ArrivingJob[], setUp: RequestBatchingOptions, seed: number) {
  const served = new RequestBatching(setUp, new Random(seed)).run(jobs);
  return served.filter(({ job: { deadlineMs = 0 }, endMs }) => endMs <= deadlineMs).length;
}

function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
}
