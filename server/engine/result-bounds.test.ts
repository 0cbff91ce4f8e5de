import test from "ava";
import { type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";
import type { Job } from "./job.ts";

/** Pictures of 3 x 4 x 4 in float32. */
const PICTURE_BYTES = 192;
const ROOM = 5 * PICTURE_BYTES;

function ask({ submit }: StartedEngine, count: number, steps: number): Promise<Job> {
  const value = { predictor: "euler-maruyama", corrector: "none", steps };
  return submit({
    model: "gaussian-mixture-vp",
    ...{ count, sampler: { method: { $case: "predictorCorrector", value } } },
  });
}

test("results have room before a job is taken on; ended jobs are forgotten for it, running ones are not", async (t) => {
  const limits = { maxResultBytes: ROOM };
  const started = await startEngine({ models: ["gaussian-mixture-vp"], limits });
  t.teardown(() => started.close());
  const { engine } = started;
  t.like(await t.throwsAsync(ask(started, 6, 5)), {
    code: "too-large",
    message:
      "the job's results may take 0.001099 MiB, expected at most 0.0009155 (--max-result-mib)",
  });

  const first = await ask(started, 3, 5);
  await samplesOf(first);
  t.is(engine.job(first.id), first);
  const second = await ask(started, 2, 5);
  await samplesOf(second);
  // Both fit.
  t.is(engine.job(first.id), first);
  const endless = await ask(started, 3, 10_000);
  t.is(engine.job(first.id), undefined, "the oldest has made room");
  t.is(engine.job(second.id), second);

  const refused = await t.throwsAsync(ask(started, 3, 5));
  t.like(refused, { code: "queue-full" });
  t.regex(refused?.message ?? "", /^results of jobs that run may take .*\(--max-result-mib\)$/);
  engine.cancel(endless);
  // What was cancelled has answered nothing.
  const third = await ask(started, 3, 5);
  t.is((await samplesOf(third)).length, 3);
  t.is(engine.job(second.id), second);
  // A row's inputs and registers are let go of, its results are not.
  t.true(third.answeredBytes === 3 * PICTURE_BYTES);
});
