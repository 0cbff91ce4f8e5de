import test from "ava";
import { compare, KINDS } from "./comparison.ts";
import type { DeviceModel } from "./device-model.ts";
import { Random } from "./random.ts";
import { RequestBatching, type RequestBatchingOptions } from "./request-batching.ts";
import type { ArrivingJob } from "./workload.ts";

/** 10 ms a step, whatever is in the batch. */
const DEVICE: DeviceModel = { stepMs: () => 10, limit: 4, jitter: 0, failures: 0 };

function job(atMs: number, rest: Partial<ArrivingJob> = {}): ArrivingJob {
  const plain = { tenant: "a", priority: "interactive", model: "m", rows: 1 } as const;
  return { ...plain, atMs, evaluations: 10, deadlineMs: undefined, ...rest };
}

/** First preview and end of each job, in order of arrival; undefined where it was dropped. */
function served(
  jobs: readonly ArrivingJob[],
  options: Partial<RequestBatchingOptions> = {},
): (readonly [firstStepMs: number, endMs: number] | undefined)[] {
  const setUp = { devices: [DEVICE], maxDelayMs: 50, first: "full", ...options } as const;
  const all = new RequestBatching(setUp, new Random(1)).run(jobs);
  return jobs.map((asked) => {
    const one = all.find((each) => each.job === asked);
    return one && [one.firstStepMs, one.endMs];
  });
}

test("a full batch starts at once, one that is not full when its first request has waited long enough", (t) => {
  t.deepEqual(served([job(0), job(3), job(5, { rows: 2 })]), [
    [15, 105],
    [15, 105],
    [15, 105],
  ]);
  t.deepEqual(served([job(0), job(20)]), [
    [60, 150],
    [60, 150],
  ]);
});

test("a batch runs to its end before the next one, and a free device takes it", (t) => {
  const jobs = [job(0, { rows: 4 }), job(10, { rows: 4 })];
  t.deepEqual(served(jobs), [
    [10, 100],
    [110, 200],
  ]);
  t.deepEqual(served(jobs, { devices: [DEVICE, DEVICE] })[1], [20, 110]);
});

test("only equal requests share a batch; interactive ones go first", (t) => {
  const jobs = [
    job(0, { rows: 4 }),
    job(1, { priority: "batch" }),
    job(2, { evaluations: 5 }),
    job(3, { sampler: "other" }),
  ];
  const found = served(jobs);
  t.deepEqual(found, [
    [10, 100],
    [260, 350],
    [110, 150],
    [160, 250],
  ]);
});

test("the rows of a request may be split, and what can't be in time any more is dropped", (t) => {
  t.deepEqual(served([job(0, { rows: 6 })], { maxDelayMs: 0 }), [[10, 200]]);
  const late = [job(0, { rows: 4 }), job(1, { deadlineMs: 199 }), job(2, { deadlineMs: 250 })];
  t.deepEqual(served(late).slice(1), [undefined, [110, 200]]);
});

test("at 80 % load the first preview comes ten times sooner by steps, and more jobs are in time", (t) => {
  const { jobs, ours, rival } = compare({
    devices: 2,
    load: 0.8,
    kinds: KINDS,
    endMs: 8000,
    seed: 3,
  });
  t.true(jobs > 150);
  t.true(rival.firstPreviewP95Ms >= 10 * ours.firstPreviewP95Ms, `${rival.firstPreviewP95Ms}`);
  t.true(ours.goodput > rival.goodput, `${ours.goodput} ${rival.goodput}`);
});
