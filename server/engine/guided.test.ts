import anyTest, { type TestFn } from "ava";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";

const MODEL = "color-digits";
const SAMPLER = { method: { $case: "fast", value: { method: "edm-heun", steps: 8 } } } as const;

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MODEL] });
});

test.after.always((t) => t.context.close());

function of(label: string, guidanceScale = 4) {
  return {
    condition: { condition: { $case: "classLabel", value: { label, guidanceScale } } },
  } as const;
}

function largestDifference(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined) return Number.NaN;
  return Math.max(...a.map((value, e) => Math.abs(value - (b[e] ?? Number.NaN))));
}

test.serial(
  "jobs of different classes and scales share evaluations, each as if alone",
  async (t) => {
    const { submit } = t.context;
    const requests = ["0", "3", "7", "9"].map((label, i) => ({
      model: MODEL,
      seed: BigInt(i),
      sampler: SAMPLER,
      ...of(label, i + 1),
    }));
    const jobs = await Promise.all(requests.map((request) => submit(request)));
    const together = await Promise.all(jobs.map(samplesOf));
    for (const [i, request] of requests.entries()) {
      const job = jobs[i];
      if (job === undefined) return t.fail();
      const completed = (await eventsOf(job)).at(-1)?.event;
      if (completed?.$case !== "completed") return t.fail();
      t.true(completed.value.meanBatchRows > 3, `${completed.value.meanBatchRows} rows`);
      t.deepEqual(completed.value.classLabel, {
        label: ["0", "3", "7", "9"][i],
        guidanceScale: i + 1,
      });
      const [alone] = await samplesOf(submit(request));
      t.true(largestDifference(alone, together[i]?.[0]) < 1e-3);
    }
  },
);

test.serial("a class changes the picture, and so does its scale", async (t) => {
  const { submit } = t.context;
  const base = { model: MODEL, seed: 5n, sampler: SAMPLER };
  const [free] = await samplesOf(submit(base));
  const [seven] = await samplesOf(submit({ ...base, ...of("7") }));
  const [three] = await samplesOf(submit({ ...base, ...of("3") }));
  const [strong] = await samplesOf(submit({ ...base, ...of("7", 12) }));
  for (const [a, b] of [
    [free, seven],
    [seven, three],
    [seven, strong],
  ]) {
    t.true(largestDifference(a, b) > 0.1);
  }
});

test.serial("a guided picture is inpainted too, and keeps what is known", async (t) => {
  const [picture] = await samplesOf(t.context.submit({ model: MODEL, seed: 1n, sampler: SAMPLER }));
  if (picture === undefined) return t.fail();
  const shape = { channels: 3, height: 32, width: 32 };
  const mask = Float32Array.from({ length: 1024 }, (_, e) => (e % 32 < 16 ? 1 : 0));
  const tensor = (values: Float32Array, channels: number) =>
    ({
      source: {
        $case: "tensor",
        value: { shape: { ...shape, channels }, float32: Buffer.from(values.buffer) },
      },
    }) as const;
  const [filled] = await samplesOf(
    t.context.submit({
      model: MODEL,
      seed: 2n,
      sampler: SAMPLER,
      condition: {
        condition: {
          $case: "inpaint",
          value: {
            image: tensor(picture, 3),
            mask: tensor(mask, 1),
            classLabel: { label: "3", guidanceScale: 2 },
          },
        },
      },
    }),
  );
  if (filled === undefined) return t.fail();
  const differs = filled.map((value, e) => (value === picture[e] ? 0 : 1));
  t.true(differs.every((one, e) => one === 0 || mask[e % 1024] === 0));
  t.true(differs.reduce((sum, one) => sum + one, 0) > 1000);
});

test.serial("a guided job is fitted to its deadline, and stays guided", async (t) => {
  const { submit } = t.context;
  const asked = {
    model: MODEL,
    sampler: { method: { $case: "fast", value: { method: "edm-heun", steps: 10_000 } } },
    ...of("7"),
  } as const;
  const options = { deadline: { seconds: 0n, nanos: 1 } };
  const refused = await t.throwsAsync(submit({ ...asked, options }));
  const seconds = Number(/at least ([\d.]+) s/.exec(refused?.message ?? "")?.[1]);
  const deadline = { seconds: BigInt(Math.floor(seconds / 2)), nanos: 0 };
  const job = await submit({ ...asked, options: { deadline, fitToDeadline: true } });
  const completed = (await eventsOf(job)).at(-1)?.event;
  if (completed?.$case !== "completed") return t.fail();
  t.is(
    completed.value.adjusted,
    "predictor_corrector/euler-maruyama with 250 steps in place of fast/edm-heun with 10000 steps",
  );
  t.deepEqual(completed.value.classLabel, { label: "7", guidanceScale: 4 });
});

test.serial("an unknown class is refused with the names of those there are", async (t) => {
  await t.throwsAsync(t.context.submit({ model: MODEL, ...of("ten") }), {
    message: /^condition\.class_label\.label: seen "ten", expected one of "0", "1", .*"9"$/,
  });
  await t.throwsAsync(t.context.submit({ model: MODEL, ...of("1", -2) }), {
    message: /^condition\.class_label\.guidance_scale: seen -2, expected a number in \(0, 100\]/,
  });
});
