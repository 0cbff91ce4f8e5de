import anyTest, { type TestFn } from "ava";
import { connect } from "./connect.ts";
import type { Client } from "./core/client.ts";
import { inpaint, ofClass } from "./core/conditions.ts";
import { mostApart, readPixels, toPng } from "./pictures/pixels.ts";
import { type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest as TestFn<{
  server: SpawnedServer;
  client: Client;
  digits: readonly Uint8Array[];
}>;

const SIZE = 32;

/** A mask as a file. */
function maskOf(values: Uint8Array): Promise<Buffer> {
  return toPng({ size: SIZE, channels: 1, values });
}

/** uint8[height, width, 3]. */
async function valuesOf(file: Uint8Array): Promise<Uint8Array> {
  return (await readPixels(file)).values;
}

/** Two digits of the trained network, which are the inputs of the tests. */
test.before(async (t) => {
  const server = await spawnServer(["color-digits"], ["--max-batch-rows", "4"]);
  const client = connect(server.target);
  const digits = await client
    .sample({
      count: 2,
      seed: 7n,
      sampler: { method: { $case: "fast", value: { method: "dpm-solver++2m", steps: 12 } } },
    })
    .images();
  t.context = { server, client, digits: digits.map(({ data }) => data) };
});

test.after.always(async (t) => {
  await t.context.client.close();
  t.deepEqual(await t.context.server.stop(), [0, null]);
});

test.serial("inpainting by upload keeps the known pixels and fills the others anew", async (t) => {
  const { client, digits } = t.context;
  const known = Uint8Array.from({ length: SIZE ** 2 }, (_, i) => (i % SIZE < SIZE / 2 ? 255 : 0));
  const image = await client.upload(digits[0]!, "image/png");
  const mask = await client.upload(await maskOf(known), "image/png");
  const fill = async (seed: bigint): Promise<Uint8Array> => {
    const [picture] = await client
      .sample({
        condition: inpaint({ image, mask, resampleJumps: 1, jumpLength: 5 }),
        seed,
        sampler: {
          method: {
            $case: "predictorCorrector",
            value: { predictor: "ancestral", corrector: "none", steps: 15 },
          },
        },
      })
      .images();
    return valuesOf(picture!.data);
  };
  const part = (values: Uint8Array, value: 255 | 0): Uint8Array =>
    values.filter((_, e) => known[Math.floor(e / 3)] === value);
  const input = await valuesOf(digits[0]!);
  const [first, second] = await Promise.all([fill(1n), fill(2n)]);
  for (const filled of [first, second]) t.deepEqual(part(filled, 255), part(input, 255));
  t.true(mostApart(part(first, 0), part(second, 0)) > 60);
  t.true(mostApart(part(first, 0), part(input, 0)) > 60);
});

test.serial("a class is drawn by guidance, of the known part's rest too", async (t) => {
  const { client, digits } = t.context;
  const known = new Uint8Array(SIZE ** 2).fill(255, 0, SIZE ** 2 / 2);
  const mask = await maskOf(known);
  const asked = { label: "7", guidanceScale: 2 };
  const conditions = [ofClass(asked), inpaint({ image: digits[1]!, mask, class: asked })];
  const sampler = {
    method: { $case: "fast", value: { method: "dpm-solver++2m", steps: 5 } },
  } as const;
  for (const condition of conditions) {
    let used: unknown;
    const pictures = await client.sample({ condition, sampler, seed: 4n }).images(({ event }) => {
      if (event?.$case === "completed") used = event.value.classLabel;
    });
    t.deepEqual(used, asked);
    t.is((await valuesOf(pictures[0]!.data)).length, 3 * SIZE ** 2);
  }
});
