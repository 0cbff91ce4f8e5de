import test from "ava";
import fc from "fast-check";
import {
  ImageFormat,
  type ImageShape,
  ImageSource,
  TensorSource,
} from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { pattern, values } from "../testing/picture-files.ts";
import type { ContentType, StoredUpload } from "../uploads/stored-upload.ts";
import { encodeImage } from "./encode.ts";
import { fromBytes } from "./from-bytes.ts";
import { type Origin, readGray, readLatent, readMask, readPicture } from "./source.ts";

const shape: ImageShape = { channels: 3, height: 4, width: 6 };
const gray: ImageShape = { ...shape, channels: 1 };
const TARGET = { shape, dataRange: [-1, 1], bits: 8 } as const;

/** Uploads of the tenant "mine". */
function origin(uploads: Readonly<Record<string, [ContentType, Uint8Array]>> = {}): Origin {
  return {
    tenant: "mine",
    uploads: {
      find(tenant, id): StoredUpload | undefined {
        const found = tenant === "mine" ? uploads[id] : undefined;
        return found && { contentType: found[0], bytes: found[1] };
      },
    },
  };
}

function floats(numbers: ArrayLike<number>): Buffer {
  return Buffer.from(Float32Array.from(numbers).buffer);
}

function tensor(of: ImageShape | undefined, numbers: ArrayLike<number>): ImageSource {
  const value = { shape: of, float32: floats(numbers) };
  return { source: { $case: "tensor", value }, resize: "" };
}

function upload(id: string): ImageSource {
  return { source: { $case: "uploadId", value: id }, resize: "" };
}

function data(bytes: Uint8Array, resize = ""): ImageSource {
  return { source: { $case: "data", value: Buffer.from(bytes) }, resize };
}

async function refusal(read: () => unknown): Promise<string> {
  try {
    await read();
  } catch (error) {
    if (error instanceof ServerError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "(it was taken)";
}

test("a picture by value and by upload is the same", async (t) => {
  const file = await pattern(3, 6, 4).png().toBuffer();
  const expected = fromBytes(values(72), shape, [-1, 1]);
  t.deepEqual(await readPicture(data(file), "images[0]", TARGET, origin()), expected);
  const from = origin({ abc: ["image/png", file] });
  t.deepEqual(await readPicture(upload("abc"), "images[0]", TARGET, from), expected);
});

test("a result in raw float32 is a source, to the last bit, and of no levels", async (t) => {
  const numbers = fc.float32Array({
    minLength: 72,
    maxLength: 72,
    noNaN: true,
    noDefaultInfinity: true,
  });
  const raw = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;
  await fc.assert(
    fc.asyncProperty(numbers, async (pixels) => {
      const image = await encodeImage(pixels, shape, [-1, 1], raw);
      const value = { shape: image.shape, float32: image.data };
      const source: ImageSource = { source: { $case: "tensor", value }, resize: "" };
      const read = await readPicture(source, "a", TARGET, origin());
      t.deepEqual(read, { pixels, levels: undefined });
      const stored = origin({ abc: ["application/x-float32", image.data] });
      t.deepEqual(await readPicture(upload("abc"), "a", TARGET, stored), read);
      const latent: TensorSource = { source: { $case: "tensor", value } };
      t.deepEqual(readLatent(latent, "a", shape, origin()), pixels);
    }),
  );
});

test("levels are those of the model's bits", async (t) => {
  const file = await pattern(3, 6, 4).png().toBuffer();
  const { levels, pixels } = fromBytes(values(72), shape, [-1, 1]);
  const read = (bits: number) => readPicture(data(file), "a", { ...TARGET, bits }, origin());
  t.deepEqual(await read(5), { pixels, levels: levels.map((level) => Math.floor(level / 8)) });
  t.deepEqual(
    (await read(1)).levels,
    levels.map((level) => (level >= 128 ? 1 : 0)),
  );
  t.is((await read(9)).levels, undefined);
});

test("a resize of the request is used", async (t) => {
  const file = await pattern(3, 12, 8).png().toBuffer();
  const { pixels } = await readPicture(data(file, "fill"), "a", TARGET, origin());
  t.is(pixels.length, 72);
});

test("gray is one channel, whatever the model's are", async (t) => {
  const file = await pattern(1, 6, 4).png().toBuffer();
  const expected = fromBytes(values(24), gray, [-1, 1]);
  t.deepEqual(await readGray(data(file), "a", TARGET, origin()), expected);
  const { pixels } = await readGray(tensor(gray, expected.pixels), "a", TARGET, origin());
  t.deepEqual(pixels, expected.pixels);
});

test("a mask comes as a file, a tensor or an upload", async (t) => {
  const bits = Uint8Array.from({ length: 24 }, (_, i) => i % 2);
  const file = await encodeImage(
    Float32Array.from(bits),
    gray,
    [0, 1],
    ImageFormat.IMAGE_FORMAT_PNG,
  );
  const from = origin({ m: ["image/png", file.data], f: ["application/x-float32", floats(bits)] });
  for (const source of [data(file.data), tensor(gray, bits), upload("m"), upload("f")]) {
    t.deepEqual(await readMask(source, "mask", TARGET, from), bits);
  }
});

test("what is read may be changed without changing the source", async (t) => {
  const bytes = floats(new Array(72).fill(0.5));
  const from = origin({ abc: ["application/x-float32", bytes] });
  const { pixels } = await readPicture(upload("abc"), "a", TARGET, from);
  pixels.fill(0);
  t.is(bytes.readFloatLE(0), 0.5);
});

test("bytes at an odd place in memory are read all the same", (t) => {
  const numbers = Float32Array.from({ length: 72 }, (_, i) => i / 7);
  const odd = Buffer.concat([Buffer.of(1), Buffer.from(numbers.buffer)]).subarray(1);
  const source: TensorSource = { source: { $case: "tensor", value: { shape, float32: odd } } };
  t.deepEqual(readLatent(source, "a", shape, origin()), numbers);
});

const good = new Array<number>(72).fill(0);
const at = (index: number, value: number): number[] => good.with(index, value);
const FROM = origin({
  png: ["image/png", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
  short: ["application/x-float32", floats([1, 2])],
  nan: ["application/x-float32", floats(at(0, Number.NaN))],
});

const IMAGES: readonly [name: string, source: ImageSource | undefined, message: string][] = [
  ["nothing", undefined, "x: seen none, expected data, upload_id or tensor"],
  ["an empty source", ImageSource.create(), "x: seen none, expected data, upload_id or tensor"],
  ["no bytes", data(new Uint8Array()), "x: seen 0 bytes, expected PNG, JPEG or WebP data"],
  [
    "an unknown resize",
    data(new Uint8Array(), "crop"),
    'x.resize: seen "crop", expected one of "cover", "contain", "fill"',
  ],
  [
    "a resize of a tensor",
    { ...tensor(shape, good), resize: "fill" },
    'x.resize: seen "fill", expected none: a tensor is not resized',
  ],
  [
    "a resize of an uploaded tensor",
    { ...upload("short"), resize: "fill" },
    'x.resize: seen "fill", expected none: a tensor is not resized',
  ],
  [
    "no shape",
    tensor(undefined, good),
    "x.tensor.shape: seen none, expected 3 x 4 x 6 (channels, height, width)",
  ],
  [
    "another shape",
    tensor({ ...shape, width: 5 }, good),
    "x.tensor.shape: seen 3 x 4 x 5, expected 3 x 4 x 6 (channels, height, width)",
  ],
  [
    "too few numbers",
    tensor(shape, good.slice(1)),
    "x.tensor.float32: seen 284 bytes, expected 288: float32 of 3 x 4 x 6 (channels, height, width)",
  ],
  [
    "NaN",
    tensor(shape, at(71, Number.NaN)),
    "x.tensor.float32: seen NaN at channel 2, row 3, column 5, expected finite numbers",
  ],
  [
    "an infinity",
    tensor(shape, at(25, -1 / 0)),
    "x.tensor.float32: seen -Infinity at channel 1, row 0, column 1, expected finite numbers",
  ],
  [
    "a short upload",
    upload("short"),
    "x.upload_id: seen 8 bytes, expected 288: float32 of 3 x 4 x 6 (channels, height, width)",
  ],
  [
    "an upload with NaN",
    upload("nan"),
    "x.upload_id: seen NaN at channel 0, row 0, column 0, expected finite numbers",
  ],
  [
    "a broken upload",
    upload("png"),
    "x: seen a PNG that is cut off or broken, expected a whole one",
  ],
];

for (const [name, source, message] of IMAGES) {
  test(`refused as a picture: ${name}`, async (t) => {
    const seen = await refusal(() => readPicture(source, "x", TARGET, FROM));
    t.is(seen, `invalid-argument: ${message}`);
  });
}

const LATENTS: readonly [name: string, source: TensorSource | undefined, message: string][] = [
  ["nothing", undefined, "x: seen none, expected tensor or upload_id"],
  ["an empty source", TensorSource.create(), "x: seen none, expected tensor or upload_id"],
  [
    "another shape",
    { source: { $case: "tensor", value: { shape: gray, float32: floats(good) } } },
    "x.tensor.shape: seen 1 x 4 x 6, expected 3 x 4 x 6 (channels, height, width)",
  ],
  [
    "NaN",
    { source: { $case: "tensor", value: { shape, float32: floats(at(3, Number.NaN)) } } },
    "x.tensor.float32: seen NaN at channel 0, row 0, column 3, expected finite numbers",
  ],
  [
    "an upload of a picture",
    { source: { $case: "uploadId", value: "png" } },
    "x.upload_id: seen an upload of image/png, expected one of application/x-float32",
  ],
  [
    "a short upload",
    { source: { $case: "uploadId", value: "short" } },
    "x.upload_id: seen 8 bytes, expected 288: float32 of 3 x 4 x 6 (channels, height, width)",
  ],
];

for (const [name, source, message] of LATENTS) {
  test(`refused as a latent: ${name}`, async (t) => {
    const seen = await refusal(() => readLatent(source, "x", shape, FROM));
    t.is(seen, `invalid-argument: ${message}`);
  });
}

test("a mask's tensor is of 0 and 1", async (t) => {
  const half = new Array<number>(24).fill(1).with(5, 0.5);
  t.is(
    await refusal(() => readMask(tensor(gray, half), "x", TARGET, FROM)),
    "invalid-argument: x: seen 0.5 in a mask's tensor, expected 1 where known, 0 where to be filled",
  );
});

test("an id that is unknown and another tenant's are refused alike", async (t) => {
  const message =
    'upload-not-found: x.upload_id: seen "png", expected the id of an upload of this tenant that has not expired';
  const other = { ...FROM, tenant: "other" };
  const latent: TensorSource = { source: { $case: "uploadId", value: "png" } };
  for (const from of [other, origin()]) {
    t.is(await refusal(() => readPicture(upload("png"), "x", TARGET, from)), message);
    t.is(await refusal(() => readMask(upload("png"), "x", TARGET, from)), message);
    t.is(await refusal(() => readLatent(latent, "x", shape, from)), message);
  }
});
