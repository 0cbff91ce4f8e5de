import test from "ava";
import { ServerError } from "../errors.ts";
import { dyingWorkers } from "../testing/dying-workers.ts";
import { samplesOf, startEngine } from "../testing/start-engine.ts";
import { Fleet } from "./fleet.ts";
import type { WorkersOptions } from "./workers.ts";

const MODEL = "gaussian-mixture-vp";
const METHOD = {
  $case: "predictorCorrector",
  value: { predictor: "euler-maruyama", corrector: "none", steps: 30 },
} as const;
const asked = (count: number, strict = false) => ({
  ...{ model: MODEL, count, seed: 5n, sampler: { method: METHOD }, options: { strict } },
});

/** A device that dies in its first batch, and at whatever it is asked afterwards; once it is out, for ever. */
function broken(): Partial<WorkersOptions> {
  const dies = { death: "exit", stage: "prepared", batch: 0 } as const;
  const lives = [{ ...dies, batch: 1 }, ...Array.from({ length: 50 }, () => dies)];
  return { ...dyingWorkers({ lives }), pause: () => new Promise(() => {}) };
}

/** The CPU again, and yet another kind of device by name. */
const OTHER_KIND: Partial<WorkersOptions> = {
  name: "helper",
  execution: { provider: "cpu", session: { "session.set_denormal_as_zero": "0" } },
};

test("a fleet has a device", (t) => {
  t.throws(() => new Fleet([]), { instanceOf: RangeError });
});

/** The largest difference of two jobs' samples. */
function apart(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const differences = a.flatMap((sample, row) =>
    [...sample].map((value, i) => Math.abs(value - (b[row]?.[i] ?? Number.NaN))),
  );
  return Math.max(...differences);
}

test("rows of a device that goes out go on elsewhere, strict ones with the same bits", async (t) => {
  const alone = await startEngine({ models: [MODEL] });
  t.teardown(() => alone.close());
  const [expected, strict] = [
    await samplesOf(alone.submit(asked(6))),
    await samplesOf(alone.submit(asked(2, true))),
  ];
  const two = await startEngine({ models: [MODEL], workers: broken(), others: [{ name: "b" }] });
  t.teardown(() => two.close());
  // Batches are divided otherwise, so that they round otherwise.
  t.true(apart(await samplesOf(two.submit(asked(6))), expected) < 1e-4);
  t.deepEqual(await samplesOf(two.submit(asked(2, true))), strict);
});

test("strict rows do not go on on another kind of device, the others do", async (t) => {
  const lost: string[] = [];
  const two = await startEngine({
    models: [MODEL],
    workers: { ...broken(), onLost: ({ reason }) => lost.push(reason) },
    others: [OTHER_KIND],
  });
  t.teardown(() => two.close());
  const strict = two.submit(asked(2, true));
  await t.throwsAsync(samplesOf(strict), {
    instanceOf: ServerError,
    message: /^the device fails repeatedly and was taken out: /,
  });
  t.true(lost.length >= 5);
  await t.throwsAsync(two.submit(asked(1, true)), { message: /was taken out/ });
  t.is((await samplesOf(two.submit(asked(3)))).length, 3);
});
