import test from "ava";
import sharp from "sharp";
import { animateWebp } from "./animated-webp.ts";

const [WIDTH, HEIGHT] = [12, 10];

/** Noise of its own for each frame, uint8[height, width, 3]. */
function levels(frame: number): Uint8Array {
  return Uint8Array.from(
    { length: WIDTH * HEIGHT * 3 },
    (_, e) => (e * 97 + frame * 61 + e ** 2) % 256,
  );
}

function still(frame: number, lossless: boolean): Promise<Buffer> {
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  return sharp(levels(frame), { raw }).webp({ lossless }).toBuffer();
}

test("sharp reads the frames back, their order and their durations", async (t) => {
  const durations = [40, 1000, 70_000];
  const frames = await Promise.all(
    durations.map(async (durationMs, i) => ({ webp: await still(i, true), durationMs })),
  );
  const file = animateWebp(frames, { width: WIDTH, height: HEIGHT });
  const metadata = await sharp(file, { animated: true }).metadata();
  t.deepEqual(
    [metadata.format, metadata.width, metadata.pageHeight, metadata.pages],
    ["webp", WIDTH, HEIGHT, 3],
  );
  t.deepEqual([metadata.delay, metadata.loop], [durations, 0]);
  const pixels = await sharp(file, { animated: true }).removeAlpha().raw().toBuffer();
  t.deepEqual(
    Uint8Array.from(pixels),
    Uint8Array.from([0, 1, 2].flatMap((frame) => [...levels(frame)])),
  );
});

test("lossy stills, of the older chunk, go as they are", async (t) => {
  const webp = await still(0, false);
  const file = animateWebp([{ webp, durationMs: 100 }], { width: WIDTH, height: HEIGHT });
  const [read, wanted] = await Promise.all(
    [file, webp].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()),
  );
  t.deepEqual(read, wanted);
});

test("what is no still WebP is refused", async (t) => {
  const size = { width: WIDTH, height: HEIGHT };
  const animated = animateWebp([{ webp: await still(0, true), durationMs: 1 }], size);
  for (const webp of [new Uint8Array(3), Uint8Array.from("not a WebP at all", Number), animated]) {
    t.throws(() => animateWebp([{ webp, durationMs: 1 }], size), { instanceOf: RangeError });
  }
});
