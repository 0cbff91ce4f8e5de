import anyTest, { type TestFn } from "ava";
import { eventsOf, type StartedEngine, startEngine } from "../testing/start-engine.ts";

const MODEL = "gaussian-mixture-vp";
const STEPS = 100;

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

function tensor(channels: number, value: number) {
  const float32 = Buffer.from(new Float32Array(channels * 16).fill(value).buffer);
  return {
    source: { $case: "tensor", value: { shape: { channels, height: 4, width: 4 }, float32 } },
  } as const;
}

test.serial("fillings, colourings, encodings and plain samples share evaluations", async (t) => {
  const { submit, encode } = t.context;
  const value = { predictor: "euler-maruyama", corrector: "none", steps: STEPS };
  const sampler = { method: { $case: "predictorCorrector", value } } as const;
  const base = { model: MODEL, count: 8, sampler };
  const inpaint = { image: tensor(3, 0.25), mask: tensor(1, 1) };
  const jobs = await Promise.all([
    submit({ ...base, condition: { condition: { $case: "inpaint", value: inpaint } } }),
    submit({
      ...base,
      condition: { condition: { $case: "colorize", value: { gray: tensor(1, 0.25) } } },
    }),
    encode({
      model: MODEL,
      images: Array.from({ length: 8 }, () => tensor(3, 0.25)),
      solver: { solver: "euler", steps: STEPS },
    }),
    submit(base),
  ]);
  for (const job of jobs) {
    const completed = (await eventsOf(job)).at(-1)?.event;
    if (completed?.$case !== "completed") return t.fail();
    t.is(completed.value.evaluations, BigInt(8 * STEPS));
    // 32 where they run in step; they start and end a few steps apart.
    t.true(completed.value.meanBatchRows >= 24, `${completed.value.meanBatchRows} rows`);
  }
});
