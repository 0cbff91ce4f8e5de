import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { ImageFormat, type JobEvent } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "./connect.ts";
import type { Client } from "./core/client.ts";
import { collectFrames, filmStrip } from "./pictures/film-strip.ts";
import { type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest as TestFn<{ server: SpawnedServer; target: string; http: string }>;
const MODEL = "color-digits";

/** The models that ship. */
test.before(async (t) => {
  // Other tests run beside this one: the time of a step must not decide how many rows may share it.
  const server = await spawnServer([], ["--max-step-ms", "10000"]);
  t.context = { server, target: server.target, http: server.http };
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.server.stop(), [0, null], "SIGTERM ends the server well");
});

async function withClient<T>(target: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = connect(target);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function request(seed: bigint, steps: number) {
  return {
    model: MODEL,
    seed,
    format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
    sampler: {
      method: {
        $case: "predictorCorrector",
        value: { predictor: "ancestral", corrector: "none", steps },
      },
    },
  } as const;
}

/** The one sample of a job, and how many rows shared its evaluations. */
async function sampleOne(target: string, seed: bigint) {
  return await withClient(target, async (client) => {
    let pixels = new Float32Array();
    let meanBatchRows = 0;
    for await (const { event } of client.sample(request(seed, 30))) {
      if (event?.$case === "sampled" && event.value.image !== undefined) {
        pixels = new Float32Array(new Uint8Array(event.value.image.data).buffer);
      }
      if (event?.$case === "completed") meanBatchRows = event.value.meanBatchRows;
    }
    return { pixels, meanBatchRows };
  });
}

test.serial("ListModels tells of the shipped models", async (t) => {
  const { models } = await withClient(t.context.target, (client) => client.listModels());
  const digits = models.find(({ name }) => name === MODEL);
  t.deepEqual(digits?.shape, { channels: 3, height: 32, width: 32 });
  t.is(digits?.forwardProcess, "vp");
  t.true(digits?.samplers.includes("dpm-solver++2m"));
  t.is(models.length, 4);
});

test.serial(
  "16 clients of one sample each share evaluations of the trained network, and each gets what it gets alone",
  async (t) => {
    const seeds = Array.from({ length: 16 }, (_, i) => BigInt(100 + i));
    const together = await Promise.all(seeds.map((seed) => sampleOne(t.context.target, seed)));
    const batchRows = together.map(({ meanBatchRows }) => meanBatchRows);
    t.true(Math.min(...batchRows) >= 12, `mean batch rows ${batchRows.join(", ")}`);
    for (const [i, seed] of seeds.entries()) {
      const alone = await sampleOne(t.context.target, seed);
      const shared = together[i]?.pixels ?? new Float32Array();
      t.is(alone.pixels.length, 3 * 32 * 32);
      const difference = alone.pixels.reduce(
        (most, value, e) => Math.max(most, Math.abs(value - (shared[e] ?? Number.NaN))),
        0,
      );
      t.true(difference < 1e-4, `seed ${seed}: ${difference}`);
    }
  },
);

test.serial(
  "previews and results make a film strip whose end is a digit and no noise",
  async (t) => {
    const samples = await withClient(t.context.target, (client) =>
      collectFrames(
        client.sample({
          model: MODEL,
          count: 4,
          seed: 7n,
          sampler: { method: { $case: "fast", value: { method: "dpm-solver++2m", steps: 15 } } },
          preview: { everySteps: 3 },
        }),
      ),
    );
    t.is(samples.length, 4);
    for (const frames of samples) {
      t.true(frames.length >= 2);
      const { data, info } = await sharp(frames.at(-1)).raw().toBuffer({ resolveWithObject: true });
      t.deepEqual([info.width, info.height, info.channels], [32, 32, 3]);
      // Flat colours: neighbours differ little, save at the stroke's edge. Of white noise half the pairs would differ
      // by more than 60 levels.
      let jumps = 0;
      for (let e = 3; e < data.length; e++) {
        if (Math.abs((data[e] ?? 0) - (data[e - 3] ?? 0)) > 60) jumps++;
      }
      t.true(jumps < 0.1 * data.length, `${jumps} jumps of ${data.length}`);
    }
    const strip = await sharp(await filmStrip(samples, 3, 40)).metadata();
    t.deepEqual([strip.width, strip.height], [2 + 4 * 42, 2 + 3 * 42]);
  },
);

test.serial("a signal ends a job, and Watch says that it was cancelled", async (t) => {
  await withClient(t.context.target, async (client) => {
    const abort = new AbortController();
    let jobId = "";
    await t.throwsAsync(async () => {
      for await (const event of client.sample(request(1n, 5000), { signal: abort.signal })) {
        jobId = event.jobId;
        if (event.event?.$case === "progress") abort.abort();
      }
    });
    const events: JobEvent[] = [];
    const error = await t.throwsAsync(async () => {
      for await (const event of client.watch(jobId)) events.push(event);
    });
    t.regex(error?.message ?? "", /was cancelled/);
    t.is(events[0]?.event?.$case, "accepted");
  });
});

test.serial("the HTTP port says that the server lives and is ready", async (t) => {
  for (const path of ["/healthz", "/readyz"]) {
    t.is((await fetch(`${t.context.http}${path}`)).status, 200);
  }
});
