import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import {
  DecodeRequest,
  EncodeRequest,
  ImageFormat,
  type JobEvent,
  SampleRequest,
  type ScoreStreamClient,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import { type RunningServer, startServer } from "./start.ts";
import { silent, testConfig } from "./testing/config.ts";
import { connectGrpc, readAll, trailer } from "./testing/grpc-client.ts";
import { heldMemory } from "./testing/memory.ts";
import { writeThinModels } from "./testing/thin-models.ts";
import { uploadChunk, uploadHeader, uploadOverGrpc } from "./testing/uploads.ts";
import { WsClient } from "./testing/ws-client.ts";

const SIZE = 1024;
const DIMS = 3 * SIZE * SIZE;
const MIB = 1024 * 1024;
const MODEL = `thin-${SIZE}`;
const PART_BYTES = 262_144;
/** Read into float32, with what it is decoded from, one picture takes 24 MiB: there is room for two. */
const MAX_INPUT_MIB = 60;
const BUFFER_BYTES = 1_048_576;

const test = anyTest.serial as TestFn<{
  server: RunningServer;
  client: ScoreStreamClient;
  folder: string;
}>;

test.before(async (t) => {
  const folder = await writeThinModels([SIZE, 64]);
  const server = await startServer(
    testConfig({
      ...{ models: folder, maxBatchRows: 1, slabMib: 400, maxInputMib: MAX_INPUT_MIB },
      ...{ maxSocketBufferBytes: BUFFER_BYTES, slowReaderS: 3600, shutdownGraceS: 0 },
    }),
    silent,
  );
  t.context = { folder, server, client: connectGrpc(server.grpcPort) };
});

test.after.always(async (t) => {
  t.context.client.close();
  await t.context.server.close({ atOnce: true });
  await rm(t.context.folder, { recursive: true });
});

/** Uploads in chunks, as a client would that has little memory. @returns the upload's id */
async function upload(
  client: ScoreStreamClient,
  bytes: Buffer,
  contentType: string,
): Promise<string> {
  const header = uploadHeader({ contentType, sizeBytes: BigInt(bytes.length) });
  const chunks = Array.from({ length: Math.ceil(bytes.length / MIB) }, (_, i) =>
    uploadChunk(bytes.subarray(i * MIB, (i + 1) * MIB)),
  );
  return (await uploadOverGrpc(client, [header, ...chunks])).uploadId;
}

/** A picture of soft stripes, uint8[height, width, 3]. */
function stripes(): Buffer {
  const wave = (at: number): number => Math.round(127.5 + 100 * Math.sin(at / 90));
  return Buffer.from(
    Uint8Array.from({ length: DIMS }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return wave((pixel % SIZE) + (i % 3) * Math.floor(pixel / SIZE));
    }),
  );
}

const png = (raw: Buffer, channels: 1 | 3): Promise<Buffer> =>
  sharp(raw, { raw: { width: SIZE, height: SIZE, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png({ compressionLevel: 1 })
    .toBuffer();

/** The bytes of the one result, out of its parts. */
function joined(events: readonly JobEvent[]): Buffer {
  const parts = events.flatMap(({ event }) => (event?.$case === "part" ? [event.value] : []));
  const whole = Buffer.concat(parts.map(({ data }) => data));
  const sha256 = createHash("sha256").update(whole).digest("hex");
  if (parts.at(-1)?.sha256 !== sha256) throw new Error(`${parts.length} parts are no whole`);
  return whole;
}

async function resultOf(call: ReturnType<ScoreStreamClient["sample"]>): Promise<Float32Array> {
  const { events, status } = await readAll(call);
  if (status.code !== 0) throw new Error(status.details);
  return new Float32Array(new Uint8Array(joined(events)).buffer);
}

const options = { partBytes: PART_BYTES };
const format = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;

test("a picture by upload goes up to its latent, and the latent by upload down to the picture, in parts", async (t) => {
  const { client } = t.context;
  const raw = stripes();
  // Not down to where a flow of random weights is stiff.
  const flow = { solver: { solver: "heun", steps: 4 }, timeEps: 0.3 };
  const uploadId = await upload(client, await png(raw, 3), "image/png");
  const images = [{ source: { $case: "uploadId", value: uploadId } as const }];
  const latent = await resultOf(
    client.encode(EncodeRequest.fromPartial({ model: MODEL, images, ...flow, options })),
  );
  t.is(latent.length, DIMS);
  const bytes = Buffer.from(latent.buffer);
  const value = await upload(client, bytes, "application/x-float32");
  const latents = [{ source: { $case: "uploadId", value } as const }];
  const picture = await resultOf(
    client.decode(DecodeRequest.fromPartial({ model: MODEL, latents, ...flow, format, options })),
  );
  t.is(picture.length, DIMS);
  let [error, moved] = [0, 0];
  for (let i = 0; i < DIMS; i++) {
    const [pixel, channel] = [i % (SIZE * SIZE), Math.floor(i / (SIZE * SIZE))];
    const known = (raw[3 * pixel + channel] ?? 0) / 127.5 - 1;
    error += Math.abs((picture[i] ?? Number.NaN) - known) / DIMS;
    moved += Math.abs((latent[i] ?? Number.NaN) - known) / DIMS;
  }
  t.log({ error, moved });
  // What few steps leave is far less than what the flow moves.
  t.true(error < 0.2 * moved, `${error} of ${moved}`);
});

test("inpainting by uploads keeps every known pixel", async (t) => {
  const { client } = t.context;
  const raw = stripes();
  const half = Buffer.alloc(SIZE * SIZE);
  half.fill(255, 0, (SIZE * SIZE) / 2);
  const [image, mask] = [
    await upload(client, await png(raw, 3), "image/png"),
    await upload(client, await png(half, 1), "image/png"),
  ];
  const inpaint = {
    image: { source: { $case: "uploadId", value: image } as const },
    mask: { source: { $case: "uploadId", value: mask } as const },
  };
  const sampler = {
    method: {
      $case: "predictorCorrector",
      value: { predictor: "reverse-diffusion", corrector: "none", steps: 4 },
    } as const,
  };
  const picture = await resultOf(
    client.sample(
      SampleRequest.fromPartial({
        ...{ model: MODEL, seed: 1n, format, sampler, options },
        condition: { condition: { $case: "inpaint", value: inpaint } },
      }),
    ),
  );
  let [kept, filled] = [0, 0];
  for (let i = 0; i < DIMS; i++) {
    const [pixel, channel] = [i % (SIZE * SIZE), Math.floor(i / (SIZE * SIZE))];
    const apart = Math.abs(
      (picture[i] ?? Number.NaN) - ((raw[3 * pixel + channel] ?? 0) / 127.5 - 1),
    );
    if (pixel < (SIZE * SIZE) / 2) kept = Math.max(kept, apart);
    else filled = Math.max(filled, apart);
  }
  t.true(kept < 1e-5, `${kept}`);
  t.true(filled > 0.1, `${filled}`);
});

test("a flood of large pictures is refused before they are read, and goes on when there is room", async (t) => {
  const { client } = t.context;
  const uploadId = await upload(client, await png(stripes(), 3), "image/png");
  const ask = async (images: number): Promise<string> => {
    const source = { source: { $case: "uploadId", value: uploadId } as const };
    const request = EncodeRequest.fromPartial({
      ...{ model: MODEL, images: Array.from({ length: images }, () => source) },
      ...{ solver: { solver: "euler", steps: 1 }, options },
    });
    const { status } = await readAll(client.encode(request));
    if (status.code !== 0) t.is(status.code, 8, "RESOURCE_EXHAUSTED");
    if (status.code !== 0) t.regex(status.details, /--max-input-mib/);
    return status.code === 0 ? "encoded" : trailer(status, "scorestream-code");
  };
  t.is(await ask(3), "too-large");
  const before = await heldMemory();
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().external / MIB);
  }, 1);
  const ended = await Promise.all(Array.from({ length: 20 }, () => ask(1)));
  clearInterval(timer);
  const refused = ended.filter((code) => code === "queue-full").length;
  t.true(refused > 0 && refused < 20, `${refused} refused`);
  t.is(ended.filter((code) => code === "encoded").length, 20 - refused);
  const grownMib = peak - before.external;
  t.log({ refused, grownMib });
  // Two are read at a time; all of them would be some 500 MiB.
  t.true(grownMib < 250, `${grownMib} MiB`);
  t.is(await ask(1), "encoded");
});

test("a reader of parts that stops holds up no one, and the server keeps no more for it than its results", async (t) => {
  const { server, client } = t.context;
  const sampler = {
    method: { $case: "fast", value: { method: "ddim", steps: 2 } } as const,
  };
  const asked = SampleRequest.fromPartial({
    model: MODEL,
    count: 2,
    seed: 5n,
    sampler,
    format,
    options,
  });
  const whole = [];
  for (const { event } of (await readAll(client.sample(asked))).events) {
    if (event?.$case === "part") whole.push(event.value.data);
  }
  const expected = createHash("sha256").update(Buffer.concat(whole)).digest("hex");
  t.is(Buffer.concat(whole).length, 2 * 4 * DIMS);
  whole.length = 0;

  const stuck = await WsClient.connect(server.httpPort);
  const before = await heldMemory();
  stuck.sendBinary({ id: "a", request: { $case: "sample", value: asked } });
  stuck.socket.pause();
  while (server.load.jobs === 0) await new Promise((resolve) => setImmediate(resolve));
  let answered = 0;
  const small = SampleRequest.fromPartial({ model: "thin-64", sampler, options });
  while (server.load.jobs > 0) {
    stuck.socket.pong();
    t.is((await readAll(client.sample(small))).status.code, 0);
    answered++;
  }
  t.true(answered > 0);
  const { heap, external } = await heldMemory();
  const grownMib = heap + external - before.heap - before.external;
  stuck.socket.resume();
  const parts: Buffer[] = [];
  for (const { frame } of await stuck.readAll("a")) {
    const event = frame.response?.$case === "event" ? frame.response.value.event : undefined;
    if (event?.$case === "part") parts.push(event.value.data);
  }
  stuck.socket.terminate();
  t.is(createHash("sha256").update(Buffer.concat(parts)).digest("hex"), expected);
  t.log({ answered, grownMib });
  // Its results are 24 MiB, which its job keeps; all of them on their way would be as much again.
  t.true(grownMib < 24 + 12, `${grownMib} MiB`);
});
