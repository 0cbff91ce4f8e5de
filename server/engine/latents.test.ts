import { setImmediate } from "node:timers/promises";
import anyTest, { type TestFn } from "ava";
import { eventsOf, type StartedEngine, samplesOf, startEngine } from "../testing/start-engine.ts";
import type { Job } from "./job.ts";

const MIXTURE = "gaussian-mixture-vp";
const SHAPE = { channels: 3, height: 4, width: 4 };

const test = anyTest as TestFn<StartedEngine>;

test.before(async (t) => {
  t.context = await startEngine({ models: [MIXTURE, "color-digits"] });
});

test.after.always((t) => t.context.close());

async function latentsOf(job: Job): Promise<Float32Array[]> {
  const latents: Float32Array[] = [];
  for (const { event } of await eventsOf(job)) {
    if (event?.$case !== "encoded" || event.value.latent === undefined) continue;
    latents[event.value.row] = new Float32Array(new Uint8Array(event.value.latent.float32).buffer);
  }
  return latents;
}

function tensorOf(x: Float32Array, shape = SHAPE) {
  const value = { shape, float32: Buffer.from(x.buffer, x.byteOffset, x.byteLength) };
  return { source: { $case: "tensor", value } } as const;
}

function largestError(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined || a.length !== b.length) return Number.NaN;
  return Math.max(...a.map((value, e) => Math.abs(value - (b[e] ?? Number.NaN))));
}

test.serial("decoding undoes encoding", async (t) => {
  const shape = { channels: 3, height: 32, width: 32 };
  const model = "color-digits";
  const fast = { method: { $case: "fast", value: { method: "edm-heun", steps: 12 } } } as const;
  const images = await samplesOf(t.context.submit({ model, count: 3, seed: 2n, sampler: fast }));
  const latents = await latentsOf(
    await t.context.encode({ model, images: images.map((x) => tensorOf(x, shape)) }),
  );
  const back = await samplesOf(
    t.context.decode({ model, latents: latents.map((x) => tensorOf(x, shape)) }),
  );
  t.is(back.length, 3);
  for (const [i, image] of images.entries()) {
    // Tolerances of 1e-5 a step, in data of [-1, 1]: the bound.
    const error = largestError(image, back[i]);
    t.true(error < 2e-3, `image ${i}: off by ${error}`);
    // A latent that were the image itself would come back too.
    t.true(largestError(image, latents[i]) > 1);
  }
});

test.serial("an image has the same latent alone and in company", async (t) => {
  const images = await samplesOf(t.context.submit({ model: MIXTURE, count: 5, seed: 1n }));
  const together = await latentsOf(
    await t.context.encode({ model: MIXTURE, images: images.map((x) => tensorOf(x)) }),
  );
  for (const [i, image] of images.entries()) {
    const [alone] = await latentsOf(
      await t.context.encode({ model: MIXTURE, images: [tensorOf(image)] }),
    );
    const error = largestError(alone, together[i]);
    t.true(error < 1e-4, `image ${i}: off by ${error}`);
  }
});

/** Largest distance between the sample's distribution function and the standard normal's. */
function kolmogorovSmirnov(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.max(
    ...sorted.map((value, i) => {
      const cdf = normalCdf(value);
      return Math.max(Math.abs(cdf - i / n), Math.abs(cdf - (i + 1) / n));
    }),
  );
}

/** Abramowitz and Stegun 7.1.26: good to 1.5e-7. */
function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - poly * Math.exp((-x * x) / 2);
  return x >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}

test.serial("the latents of the mixture's samples are standard normal", async (t) => {
  const count = 600;
  const images = await samplesOf(
    t.context.submit({
      model: MIXTURE,
      count,
      seed: 8n,
      // Euler-Maruyama: noise of its own, so that an encoding is not just a decoding undone.
      sampler: {
        method: {
          $case: "predictorCorrector",
          value: { predictor: "ancestral", corrector: "none", steps: 300 },
        },
      },
    }),
  );
  const latents = await latentsOf(
    await t.context.encode({
      model: MIXTURE,
      images: images.map((x) => tensorOf(x)),
      // Where the samples come from is p_t at the sampler's eps but for its last denoising.
      solver: { relativeTolerance: 1e-4, absoluteTolerance: 1e-4 },
    }),
  );
  for (let e = 0; e < 48; e++) {
    const values = latents.map((latent) => latent[e] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    // 48 coordinates: 4.5 standard errors of the mean and of the variance, sqrt(2 / n).
    t.true(Math.abs(mean) < 4.5 / Math.sqrt(count), `coordinate ${e}: mean ${mean}`);
    t.true(
      Math.abs(variance - 1) < 4.5 * Math.sqrt(2 / count),
      `coordinate ${e}: variance ${variance}`,
    );
    // P(D > 2.2 / sqrt(n)) is 2 exp(-2 2.2^2) = 1.3e-4 a coordinate.
    const distance = kolmogorovSmirnov(values);
    t.true(distance < 2.2 / Math.sqrt(count), `coordinate ${e}: distance ${distance}`);
  }
});

test.serial("temperature scales the latent", async (t) => {
  const z = Float32Array.from({ length: 48 }, (_, e) => Math.sin(1 + e));
  const decode = (latent: Float32Array, temperature: number) =>
    samplesOf(t.context.decode({ model: MIXTURE, latents: [tensorOf(latent)], temperature }));
  const [scaled] = await decode(z, 0.5);
  const [byHand] = await decode(
    z.map((value) => 0.5 * value),
    0,
  );
  const [plain] = await decode(z, 0);
  t.deepEqual(scaled, byHand);
  t.notDeepEqual(scaled, plain);
});

test.serial(
  "a row lets go of what it was given once that is in its registers, or it has ended",
  async (t) => {
    const latents = [1, 2].map((seed) =>
      tensorOf(Float32Array.from({ length: 48 }, (_, e) => Math.sin(seed + e))),
    );
    const held = (job: Job): number[] => job.rows.map(({ spec }) => spec.inputs.length);
    const solver = { solver: "euler", steps: 20 };
    const done = await t.context.decode({ model: MIXTURE, latents, solver });
    t.is((await samplesOf(done)).length, 2);
    t.deepEqual(held(done), [0, 0]);

    const full = await startEngine({ models: [MIXTURE], maxActiveRows: 1 });
    t.teardown(() => full.close());
    const waits = await full.decode({ model: MIXTURE, latents });
    await setImmediate();
    t.deepEqual(held(waits), [0, 1], "the first has registers, the second none");
    full.engine.cancel(waits);
    t.deepEqual(held(waits), [0, 0]);
  },
);
