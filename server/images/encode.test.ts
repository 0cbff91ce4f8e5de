import test from "ava";
import fc from "fast-check";
import sharp, { type OutputInfo } from "sharp";
import { ImageFormat, type ImageShape } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { encodeImage } from "./encode.ts";
import { toBytes } from "./to-bytes.ts";

const RANGE = [-1, 1] as const;

/** A picture whose every value differs from its neighbours': a swap of axes or channels shows. */
function picture({ channels, height, width }: ImageShape): Float32Array {
  return Float32Array.from(
    { length: channels * height * width },
    (_, i) => ((i * 37) % 201) / 100 - 1,
  );
}

/** The pixels of a file, of so many channels: sharp decodes gray as three equal ones. */
async function decoded(
  file: Uint8Array,
  channels: number,
): Promise<{ bytes: Uint8Array; info: OutputInfo }> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const step = info.channels / channels;
  return { bytes: new Uint8Array(data).filter((_, i) => i % step === 0), info };
}

test("bytes are channels last, rounded and clamped", (t) => {
  const shape = { channels: 3, height: 1, width: 2 };
  // Red plane, green plane, blue plane of two pixels.
  const pixels = Float32Array.of(-1, 1, 0.004, -7, 7, 0.25);
  t.deepEqual([...toBytes(pixels, shape, RANGE)], [0, 128, 255, 255, 0, 159]);
});

test("the data range is the model's", (t) => {
  const shape = { channels: 1, height: 1, width: 3 };
  t.deepEqual([...toBytes(Float32Array.of(0, 0.5, 1), shape, [0, 1])], [0, 128, 255]);
});

test("a wrong number of pixels is refused", (t) => {
  const shape = { channels: 3, height: 2, width: 2 };
  const error = t.throws(() => toBytes(new Float32Array(11), shape, RANGE), {
    instanceOf: RangeError,
  });
  t.is(error?.message, "11 pixels, expected 3 * 2 * 2");
});

for (const channels of [1, 3]) {
  const shape = { channels, height: 5, width: 7 };
  const expected = toBytes(picture(shape), shape, RANGE);

  for (const format of ["PNG", "WEBP"] as const) {
    test(`${format} of ${channels} channels decodes to the very bytes`, async (t) => {
      const wanted = ImageFormat[`IMAGE_FORMAT_${format}`];
      const image = await encodeImage(picture(shape), shape, RANGE, wanted);
      const { bytes, info } = await decoded(image.data, channels);
      t.is(image.format, wanted);
      t.deepEqual(image.shape, shape);
      const metadata = await sharp(image.data).metadata();
      t.is(metadata.format, format === "PNG" ? "png" : "webp");
      t.is(Number(metadata.channels), format === "PNG" ? channels : 3); // WebP has no gray
      t.deepEqual([info.width, info.height], [7, 5]);
      t.deepEqual(bytes, expected);
    });
  }

  test(`a PNG of ${channels} channels that is compressed on another thread decodes to the very bytes`, async (t) => {
    const large = { channels, height: 130, width: 140 };
    const { data } = await encodeImage(picture(large), large, RANGE, ImageFormat.IMAGE_FORMAT_PNG);
    const { bytes, info } = await decoded(data, channels);
    t.deepEqual([info.width, info.height], [140, 130]);
    t.deepEqual(bytes, toBytes(picture(large), large, RANGE));
  });

  test(`JPEG of ${channels} channels decodes to about the bytes of a smooth picture`, async (t) => {
    const square = { channels, height: 16, width: 16 };
    const smooth = Float32Array.from({ length: channels * 256 }, (_, i) => (i % 256) / 128 - 1);
    const image = await encodeImage(smooth, square, RANGE, ImageFormat.IMAGE_FORMAT_JPEG);
    const { bytes } = await decoded(image.data, channels);
    t.is(Number((await sharp(image.data).metadata()).channels), channels);
    const wanted = toBytes(smooth, square, RANGE);
    const worst = Math.max(...bytes.map((value, i) => Math.abs(value - (wanted[i] ?? 0))));
    t.true(worst <= 8, `largest difference ${worst}`);
  });
}

test("nothing asked for is PNG, and the answer says so", async (t) => {
  const shape = { channels: 3, height: 2, width: 2 };
  const image = await encodeImage(
    picture(shape),
    shape,
    RANGE,
    ImageFormat.IMAGE_FORMAT_UNSPECIFIED,
  );
  t.is(image.format, ImageFormat.IMAGE_FORMAT_PNG);
  t.deepEqual(
    [...image.data.subarray(1, 4)],
    [..."PNG"].map((letter) => letter.charCodeAt(0)),
  );
});

test("raw float32 gives back every bit, channels first and unclamped, in a copy", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.float32Array({ minLength: 4, maxLength: 4 }), async (pixels) => {
      const shape = { channels: 2, height: 2, width: 1 };
      const raw = await encodeImage(pixels, shape, RANGE, ImageFormat.IMAGE_FORMAT_RAW_FLOAT32);
      const view = new DataView(raw.data.buffer);
      const values = Float32Array.from({ length: 4 }, (_, i) => view.getFloat32(4 * i, true));
      t.deepEqual(values, pixels);
      t.not(raw.data.buffer, pixels.buffer);
    }),
  );
});

test("raw bytes hold any number of channels", async (t) => {
  const shape = { channels: 2, height: 1, width: 2 };
  const image = await encodeImage(
    Float32Array.of(-1, 1, 1, -1),
    shape,
    RANGE,
    ImageFormat.IMAGE_FORMAT_RAW_UINT8,
  );
  t.deepEqual([...image.data], [0, 255, 255, 0]);
});

test("a picture format of two channels is refused with the field and what would do", async (t) => {
  const shape = { channels: 2, height: 1, width: 1 };
  const error = await t.throwsAsync(
    encodeImage(new Float32Array(2), shape, RANGE, ImageFormat.IMAGE_FORMAT_PNG, "preview.format"),
    { instanceOf: ServerError },
  );
  t.is(error?.code, "capability-missing");
  t.regex(error?.message ?? "", /^preview\.format: .*2 channels.*IMAGE_FORMAT_RAW_UINT8/);
});

test("a number that is no format is refused with the right names", async (t) => {
  const shape = { channels: 3, height: 1, width: 1 };
  const unknown = 99 as ImageFormat;
  const error = await t.throwsAsync(encodeImage(new Float32Array(3), shape, RANGE, unknown), {
    instanceOf: ServerError,
  });
  t.is(error?.code, "invalid-argument");
  t.regex(error?.message ?? "", /^format: seen 99, expected one of .*IMAGE_FORMAT_WEBP \(3\)/);
});
