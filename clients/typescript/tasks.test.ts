import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { ImageFormat } from "../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "./connect.ts";
import type { Client } from "./core/client.ts";
import { colorize, inpaint, ofClass, superResolve } from "./core/conditions.ts";
import { fromFloat32 } from "./core/float-tensor.ts";
import { interpolate } from "./core/interpolate.ts";
import { ERROR_CODES, ScoreStreamError } from "./core/scorestream-error.ts";
import { mostApart, readPixels, toPng } from "./pictures/pixels.ts";
import { repositoryPath, type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const TRANSPORTS = ["gRPC", "WebSocket"] as const;
type Context = Record<(typeof TRANSPORTS)[number], Client> & { server: SpawnedServer };
const test = anyTest as TestFn<Context>;

/** The same of both transports. */
function testEach(
  title: string,
  run: (t: ExecutionContext<Context>, client: Client) => Promise<void>,
): void {
  for (const transport of TRANSPORTS) {
    test.serial(`${transport}: ${title}`, (t) => run(t, t.context[transport]));
  }
}

/** Of the model gaussian-mixture-vp: RGB, the side in pixels. */
const SIZE = 4;
const MAX_ROWS = 8;
const CORRECTED = {
  method: {
    $case: "predictorCorrector",
    value: { predictor: "reverse-diffusion", corrector: "langevin", steps: 50 },
  },
} as const;

test.before(async (t) => {
  const server = await spawnServer(["gaussian-mixture-vp"], ["--max-rows", String(MAX_ROWS)]);
  t.context = { server, gRPC: connect(server.target), WebSocket: connect(server.http) };
});

test.after.always(async (t) => {
  await Promise.all(TRANSPORTS.map((transport) => t.context[transport].close()));
  t.deepEqual(await t.context.server.stop(), [0, null]);
});

/** Levels that differ between neighbours: 16, 60, 104, ... from `first` on. */
function levels(count: number, first = 16): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => 16 + ((first - 16 + 44 * i) % 224));
}

function pngOf(values: Uint8Array, size: number, channels: 1 | 3 = 3): Promise<Buffer> {
  return toPng({ size, channels, values });
}

/** uint8[height, width, 3]. */
async function valuesOf(file: Uint8Array): Promise<Uint8Array> {
  return (await readPixels(file)).values;
}

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<ScoreStreamError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ScoreStreamError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

testEach("encoding and decoding give the pictures back, in order", async (t, client) => {
  // The model's own samples: what lies far from its data errs more on the way back.
  const samples = await client.sample({ count: 2, seed: 3n }).images();
  const images = samples.map(({ data }) => data);
  const latents = await client.encode({ images }).latents();
  t.deepEqual(
    latents.map(({ shape, values }) => [shape, values.length]),
    Array(2).fill([{ channels: 3, height: SIZE, width: SIZE }, 3 * SIZE * SIZE]),
  );
  const decoded = await client.decode({ latents }).images();
  for (const [i, { data }] of decoded.entries()) {
    t.true(mostApart(await valuesOf(data), await valuesOf(images[i]!)) <= 1);
  }
  t.true(mostApart(await valuesOf(images[0]!), await valuesOf(images[1]!)) > 10, "two pictures");
  // Exact values in place of a file: the same latent.
  const format = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;
  const [raw] = await client.decode({ latents: latents.slice(0, 1), format }).images();
  const tensor = fromFloat32(raw!.shape!, raw!.data);
  const [again] = await client.encode({ images: [tensor] }).latents();
  t.true(mostApart(again!.values, latents[0]!.values) < 0.01);
});

testEach("an interpolation begins and ends with its pictures", async (t, client) => {
  const samples = await client.sample({ count: 2, seed: 3n }).images();
  const [a, b] = [samples[0]!.data, samples[1]!.data];
  const frames = await interpolate(client, a, b, { frames: 5 });
  const [from, to, ...shown] = await Promise.all(
    [a, b, ...frames.map(({ data }) => data)].map(valuesOf),
  );
  t.is(shown.length, 5);
  t.true(mostApart(shown[0]!, from!) <= 1);
  t.true(mostApart(shown[4]!, to!) <= 1);
  for (const frame of shown.slice(1, 4)) {
    t.true(mostApart(frame, from!) > 5 && mostApart(frame, to!) > 5);
  }
  const refused = interpolate(client, a, b, { frames: 1 });
  await t.throwsAsync(refused, { instanceOf: RangeError, message: /^frames: seen 1/ });
});

testEach("likelihoods are finite, in order, and say what they depend on", async (t, client) => {
  const [sample] = await client.sample({ seed: 5n }).images();
  const checkerboard = Uint8Array.from({ length: 48 }, (_, e) => (e % 2 === 0 ? 0 : 255));
  let settings: unknown;
  const likelihoods = await client
    .logLikelihood({
      images: [sample!.data, await pngOf(checkerboard, SIZE)],
      solver: { relativeTolerance: 1e-3, absoluteTolerance: 1e-3 },
      probes: 2,
      dequantizations: 2,
      importanceWeighted: true,
    })
    .likelihoods(({ event }) => {
      if (event?.$case === "completed") settings = event.value.likelihood;
    });
  t.deepEqual(settings, {
    probe: "rademacher",
    probes: 2,
    dequantizations: 2,
    importanceWeighted: true,
    bits: 8,
    dataLow: -1,
    dataHigh: 1,
  });
  const bits = likelihoods.map(({ bitsPerDim }) => bitsPerDim);
  t.true(bits.every(Number.isFinite));
  t.true(bits[0]! < 8 && bits[1]! > 8, `seen ${bits.join(", ")}: uniform levels have 8`);
  for (const {
    logLikelihoodNats,
    divergenceIntegralNats,
    standardErrorBitsPerDim,
  } of likelihoods) {
    t.true(Number.isFinite(logLikelihoodNats + divergenceIntegralNats));
    t.true(standardErrorBitsPerDim > 0);
  }
});

testEach("a colouring's gray is the gray that was given", async (t, client) => {
  const gray = levels(SIZE * SIZE);
  const condition = colorize(await pngOf(gray, SIZE, 1));
  const pictures = await client.sample({ condition, count: 3, sampler: CORRECTED }).images();
  t.is(pictures.length, 3);
  for (const { data } of pictures) {
    const values = await valuesOf(data);
    const means = Array.from(
      gray,
      (_, i) => (values[3 * i]! + values[3 * i + 1]! + values[3 * i + 2]!) / 3,
    );
    t.true(mostApart(means, gray) <= 1);
    t.true(mostApart(values, values.toReversed()) > 10, "colours differ");
  }
});

testEach("block averages are the low resolution that was given", async (t, client) => {
  const low = Uint8Array.of(100, 150, 200);
  const condition = superResolve(await pngOf(low, 1), 4);
  const pictures = await client.sample({ condition, count: 3, sampler: CORRECTED }).images();
  t.is(pictures.length, 3);
  for (const { data } of pictures) {
    const values = await valuesOf(data);
    const means = [0, 1, 2].map((channel) => {
      const own = values.filter((_, e) => e % 3 === channel);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    });
    t.true(mostApart(means, low) <= 1, `seen ${means.join(", ")}`);
    t.true(Math.max(...values) - Math.min(...values) > 20, "no flat picture");
  }
});

testEach("an upload of many parts is a source, of its own tenant's requests", async (t, client) => {
  // Noise does not compress: 192 KiB, four parts.
  let state = 1;
  const values = Uint8Array.from({ length: 3 * 256 * 256 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  const bytes = await pngOf(values, 256);
  t.true(bytes.length > 3 * 65_536);
  const uploaded = await client.upload(bytes, "image/png", { tenant: "a" });
  t.is(uploaded.uploadId, createHash("sha256").update(bytes).digest("hex"));
  const images = [{ source: uploaded, resize: "fill" }] as const;
  const [latent] = await client.encode({ images, options: { tenant: "a" } }).latents();
  t.is(latent?.values.length, 3 * SIZE * SIZE);
  const other = await failure(client.encode({ images, options: { tenant: "b" } }).latents());
  t.deepEqual([other.code, other.field], ["upload-not-found", "images[0].upload_id"]);
});

testEach("errors have a code, the field and the server's sentence", async (t, client) => {
  const small = await pngOf(levels(3 * 9), 3);
  const good = await pngOf(levels(48), SIZE);
  const size = await failure(client.encode({ images: [good, small] }).latents());
  t.deepEqual(
    [size.code, size.status, size.field],
    ["invalid-argument", "INVALID_ARGUMENT", "images[1]"],
  );
  t.regex(size.message, /^images\[1\]: seen .*3 x 3/);
  const mask = { uploadId: "none" };
  const lost = await failure(client.sample({ condition: inpaint({ image: good, mask }) }).images());
  t.deepEqual([lost.code, lost.field], ["upload-not-found", "condition.inpaint.mask.upload_id"]);
  const classes = await failure(client.sample({ condition: ofClass({ label: "7" }) }).images());
  t.deepEqual([classes.code, classes.field], ["capability-missing", "condition.class_label"]);
  const wrong = await failure(client.upload(good, "image/webp"));
  t.deepEqual([wrong.code, wrong.field], ["invalid-argument", "header.content_type"]);
  const model = await failure(client.decode({ model: "x", latents: [] }).images());
  t.deepEqual([model.code, model.status, model.field], ["model-not-found", "NOT_FOUND", undefined]);
});

testEach("an abort ends an encoding and frees its rows", async (t, client) => {
  const image = await pngOf(levels(48), SIZE);
  const abort = new AbortController();
  const long = client.encode(
    { images: Array(MAX_ROWS).fill(image), solver: { solver: "euler", steps: 10_000 } },
    { signal: abort.signal },
  );
  let jobId = "";
  let full: ScoreStreamError | undefined;
  const ended = await failure(
    (async () => {
      for await (const event of long) {
        if (event.event?.$case !== "progress" || jobId !== "") continue;
        jobId = event.jobId;
        full = await failure(client.encode({ images: [image] }, { retry: false }).latents());
        abort.abort();
      }
    })(),
  );
  t.deepEqual([ended.status, ended.code], ["CANCELLED", undefined]);
  t.is(full?.code, "queue-full");
  t.true((full?.retryAfterMs ?? 0) > 0);
  const watched = await failure(drain(client.watch(jobId)));
  t.is(watched.code, "cancelled");
  t.is((await client.encode({ images: [image] }).latents()).length, 1);
});

testEach(
  "leaving the loop ends the job, a job is read once, and a signal already given begins none",
  async (t, client) => {
    let jobId = "";
    for await (const event of client.sample({
      count: MAX_ROWS,
      sampler: { method: { $case: "predictorCorrector", value: { steps: 10_000 } } },
    })) {
      jobId = event.jobId;
      break;
    }
    t.is((await failure(drain(client.watch(jobId)))).code, "cancelled");
    const whole = client.sample();
    await whole.images();
    await t.throwsAsync(whole.images(), { message: /once only/ });
    const signal = AbortSignal.abort();
    t.is((await failure(client.sample({}, { signal }).images())).status, "CANCELLED");
    const upload = client.upload(await pngOf(levels(48), SIZE), "image/png", { signal });
    t.is((await failure(upload)).status, "CANCELLED");
  },
);

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

test("a server that is not there is the connection's own error", async (t) => {
  for (const address of ["127.0.0.1:1", "ws://127.0.0.1:1"]) {
    const nobody = connect(address, { retry: false });
    const error = await failure(nobody.listModels());
    await nobody.close();
    t.deepEqual([error.code, error.status, error.field], [undefined, "UNAVAILABLE", undefined]);
    t.true(error.cause instanceof Error);
  }
});

test("an address is of gRPC or a WebSocket's URL", (t) => {
  t.throws(() => connect("ftp://127.0.0.1"), {
    instanceOf: TypeError,
    message: 'address: seen "ftp://127.0.0.1", expected a URL such as ws://127.0.0.1:8080',
  });
});

test("the codes are those of docs/protocol.md", async (t) => {
  const protocol = await readFile(repositoryPath("docs/protocol.md"), "utf8");
  const codes = [...protocol.matchAll(/^\| `([a-z-]+)` \| [A-Z_]+ \|/gm)].map(([, code]) => code);
  t.deepEqual([...ERROR_CODES], codes as (typeof ERROR_CODES)[number][]);
});
