import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import {
  type DeepPartial,
  ImageFormat,
  type JobEvent,
  SampleRequest,
  WatchRequest,
} from "../proto/gen/scorestream/v1/scorestream.ts";
import { type RunningServer, startServer } from "./start.ts";
import { silent, testConfig } from "./testing/config.ts";
import { connectGrpc, readAll } from "./testing/grpc-client.ts";
import { writeThinModels } from "./testing/thin-models.ts";
import { WsClient } from "./testing/ws-client.ts";

/** Height and width of the models. 1024 x 1024 in float32 is 12 MiB: three times what a gRPC client takes by default. */
const SIZES = [256, 1024] as const;
const PART_BYTES = 65_536;

const test = anyTest.serial as TestFn<{ server: RunningServer; folder: string }>;

test.before(async (t) => {
  const folder = await writeThinModels(SIZES);
  const config = testConfig({ models: folder, maxBatchRows: 2, slabMib: 256 });
  t.context = { folder, server: await startServer(config, silent) };
});

test.after.always(async (t) => {
  await t.context.server.close({ atOnce: true });
  await rm(t.context.folder, { recursive: true });
});

/** A Sample that is the same whatever shares the server. */
function request(size: number, changes: DeepPartial<SampleRequest> = {}): SampleRequest {
  return SampleRequest.fromPartial({
    ...{ model: `thin-${size}`, seed: 3n, ...changes },
    options: { strict: true, detached: true, partBytes: PART_BYTES, ...changes.options },
  });
}

/** Every way to ask a server for a job's events, each with its default limits. */
interface Way {
  readonly name: string;
  events(request: SampleRequest | { watch: WatchRequest }): Promise<readonly JobEvent[]>;
  close(): void;
}

async function waysTo({ grpcPort, httpPort }: RunningServer): Promise<readonly Way[]> {
  const grpc = connectGrpc(grpcPort);
  const socket = await WsClient.connect(httpPort);
  let ids = 0;
  return [
    {
      name: "gRPC",
      async events(asked) {
        const call = "watch" in asked ? grpc.watch(asked.watch) : grpc.sample(asked);
        const { events, status } = await readAll(call);
        if (status.code !== 0) throw new Error(status.details);
        return events;
      },
      close: () => grpc.close(),
    },
    {
      name: "WebSocket",
      async events(asked) {
        const id = `${ids++}`;
        const request =
          "watch" in asked
            ? ({ $case: "watch", value: asked.watch } as const)
            : ({ $case: "sample", value: asked } as const);
        socket.sendBinary({ id, request });
        return (await socket.readAll(id)).map(({ frame: { response } }) => {
          if (response?.$case === "event") return response.value;
          throw new Error(JSON.stringify(response?.value));
        });
      },
      close: () => socket.socket.terminate(),
    },
  ];
}

/** The parts of each event, put together by hand: the bytes by what they are of. */
function joined(events: readonly JobEvent[]): Map<bigint, Buffer> {
  const bytes = new Map<bigint, Buffer>();
  let parts: Buffer[] = [];
  let told = "";
  let length = 0;
  for (const { sequence, event } of events) {
    if (event?.$case === "part") {
      if (event.value.offset !== BigInt(length)) throw new Error("a gap");
      length += event.value.data.length;
      if (event.value.data.length > PART_BYTES) throw new Error("a part is too large");
      parts.push(event.value.data);
      told = event.value.sha256;
    } else if (parts.length > 0) {
      const whole = Buffer.concat(parts);
      if (createHash("sha256").update(whole).digest("hex") !== told) throw new Error("broken");
      bytes.set(sequence, whole);
      parts = [];
      length = 0;
    }
  }
  return bytes;
}

function sampledOf(events: readonly JobEvent[]): JobEvent {
  const found = events.find(({ event }) => event?.$case === "sampled");
  if (found === undefined) throw new Error("no picture");
  return found;
}

function imageOf({ event }: JobEvent) {
  const image =
    event?.$case === "sampled" || event?.$case === "preview" ? event.value.image : undefined;
  if (image === undefined) throw new Error("no picture");
  return image;
}

for (const size of SIZES) {
  test(`${size}: a picture comes in parts over either front end, the same as it comes whole, and again to who watches`, async (t) => {
    const ways = await waysTo(t.context.server);
    const asked = request(size, { format: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32 });
    const wholeSocket = ways[1];
    const plain = { ...asked, options: { ...asked.options, partBytes: 0 } };
    const whole = imageOf(
      sampledOf((await wholeSocket?.events(SampleRequest.fromPartial(plain))) ?? []),
    );
    t.is(whole.data.length, 4 * 3 * size * size);
    for (const way of ways) {
      const events = await way.events(asked);
      const sampled = sampledOf(events);
      t.deepEqual(imageOf(sampled), { ...whole, data: Buffer.alloc(0) }, way.name);
      t.true(joined(events).get(sampled.sequence)?.equals(whole.data), way.name);
      const { jobId, sequence } = sampled;
      const last = { jobId, afterSequence: sequence - 1n, partBytes: PART_BYTES };
      const again = await way.events({ watch: WatchRequest.fromPartial(last) });
      t.true(joined(again).get(sequence)?.equals(whole.data), way.name);
      const after = await way.events({ watch: { ...last, afterSequence: sequence } });
      t.deepEqual(
        after.map(({ event }) => event?.$case),
        ["completed"],
        way.name,
      );
    }
    for (const way of ways) way.close();
  });

  test(`${size}: previews are means of squares of pixels, as small as asked for`, async (t) => {
    const [grpc, socket] = await waysTo(t.context.server);
    if (grpc === undefined || socket === undefined) throw new Error("no way");
    const fast = { $case: "fast", value: { method: "ddim", steps: 12 } } as const;
    const shown = async (way: Way, maxSize: number): Promise<Buffer> => {
      const asked = { sampler: { method: fast }, preview: { everySteps: 6, maxSize } };
      const events = await way.events(request(size, asked));
      const preview = events.find(({ event }) => event?.$case === "preview");
      // One that is not encoded before its row ends is left out.
      if (preview === undefined) return await shown(way, maxSize);
      const { shape, data } = imageOf(preview);
      const bytes = joined(events).get(preview.sequence) ?? data;
      const { data: pixels, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      const most = Math.min(size, maxSize || 256);
      t.deepEqual([shape?.width, shape?.height, info.width, info.height], [most, most, most, most]);
      return pixels;
    };
    const full = await shown(socket, size);
    const small = await shown(grpc, 64);
    await shown(socket, 0);
    const factor = size / 64;
    // Each channel of a pixel of the small one is the mean of a square, but for clamping and rounding of each.
    const far = [...small].filter((value, i) => {
      const [channel, column, row] = [i % 3, Math.floor(i / 3) % 64, Math.floor(i / 192)];
      let sum = 0;
      for (let y = row * factor; y < (row + 1) * factor; y++) {
        for (let x = column * factor; x < (column + 1) * factor; x++) {
          sum += full[3 * (y * size + x) + channel] ?? Number.NaN;
        }
      }
      return !(Math.abs(sum / factor ** 2 - value) <= 1.01);
    });
    t.deepEqual(far, []);
    grpc.close();
    socket.close();
  });
}
