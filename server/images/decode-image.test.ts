import test from "ava";
import fc from "fast-check";
import sharp from "sharp";
import { ImageFormat } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { animatedWebp, apng, bomb, pattern, values } from "../testing/picture-files.ts";
import { decodeGray, decodePicture, type Wanted } from "./decode-image.ts";
import { encodeImage } from "./encode.ts";
import { fromBytes } from "./from-bytes.ts";

const RANGE = [-1, 1] as const;
const SIZE: Wanted = { width: 6, height: 4, dataRange: RANGE };
const RGB = { channels: 3, height: 4, width: 6 };

async function refusal(decoded: Promise<unknown>): Promise<string> {
  try {
    await decoded;
  } catch (error) {
    if (error instanceof ServerError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "(it was taken)";
}

test("values come channels first, in the data range and as levels", async (t) => {
  // Two pixels, (0, 128, 255) and (10, 20, 30).
  const bytes = Uint8Array.of(0, 128, 255, 10, 20, 30);
  const file = await sharp(bytes, { raw: { width: 1, height: 2, channels: 3 } })
    .png()
    .toBuffer();
  const size = { width: 1, height: 2 };
  const wide = await decodePicture(file, 3, { ...size, dataRange: [-1, 1] }, "a");
  t.deepEqual(wide.levels, Uint8Array.of(0, 10, 128, 20, 255, 30));
  t.deepEqual([wide.pixels[0], wide.pixels[4]], [-1, 1]);
  t.is(wide.pixels[2], Math.fround(128 / 127.5 - 1));
  const unit = await decodePicture(file, 3, { ...size, dataRange: [0, 1] }, "a");
  t.is(unit.pixels[2], Math.fround(128 / 255));
});

for (const channels of [1, 3]) {
  test(`what was encoded of ${channels} channels decodes to its levels`, async (t) => {
    const { IMAGE_FORMAT_PNG, IMAGE_FORMAT_WEBP } = ImageFormat;
    const pictures = fc.record({
      height: fc.integer({ min: 1, max: 5 }),
      width: fc.integer({ min: 1, max: 5 }),
      bytes: fc.uint8Array({ minLength: 75, maxLength: 75 }),
      format: fc.constantFrom(IMAGE_FORMAT_PNG, IMAGE_FORMAT_WEBP),
      dataRange: fc.constantFrom([-1, 1] as const, [0, 1] as const, [-3, 7] as const),
    });
    await fc.assert(
      fc.asyncProperty(pictures, async ({ height, width, bytes, format, dataRange }) => {
        const shape = { channels, height, width };
        const picture = fromBytes(bytes.subarray(0, channels * height * width), shape, dataRange);
        const { data } = await encodeImage(picture.pixels, shape, dataRange, format);
        t.deepEqual(
          await decodePicture(data, channels, { height, width, dataRange }, "a"),
          picture,
        );
      }),
    );
  });
}

test("a JPEG decodes to about its values", async (t) => {
  const bytes = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
  const raw = { width: 16, height: 16, channels: 3 } as const;
  const file = await sharp(bytes, { raw }).jpeg({ quality: 95 }).toBuffer();
  const { levels } = await decodePicture(file, 3, { width: 16, height: 16, dataRange: RANGE }, "a");
  const worst = Math.max(...levels.map((level, i) => Math.abs(level - (i % 256))));
  t.true(worst <= 8, `largest difference ${worst}`);
});

test("a palette is taken for the colours that it stands for", async (t) => {
  const bytes = Uint8Array.from({ length: 72 }, (_, i) => (i % 6 < 3 ? 250 : 7));
  const raw = { width: 6, height: 4, channels: 3 } as const;
  const file = await sharp(bytes, { raw }).png({ palette: true }).toBuffer();
  t.true((await sharp(file).metadata()).isPalette);
  const { levels } = await decodePicture(file, 3, SIZE, "a");
  t.deepEqual(levels, fromBytes(bytes, RGB, RANGE).levels);
});

test("a colour profile changes nothing", async (t) => {
  const file = await pattern(3, 6, 4).withIccProfile("p3").png().toBuffer();
  const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
  t.true((await sharp(file).metadata()).hasProfile);
  t.notDeepEqual(stored, await sharp(file).raw().toBuffer());
  const { levels } = await decodePicture(file, 3, SIZE, "a");
  t.deepEqual(levels, fromBytes(stored, RGB, RANGE).levels);
});

test("EXIF's orientation is applied, before the size is checked", async (t) => {
  const upright = values(72);
  const raw = { width: 6, height: 4, channels: 3 } as const;
  // Stored on its side; 8: to be turned back by 90 degrees to the left.
  const stored = await sharp(upright, { raw }).rotate(90).raw().toBuffer();
  const file = await sharp(stored, { raw: { width: 4, height: 6, channels: 3 } })
    .png()
    .withExif({})
    .withMetadata({ orientation: 8 })
    .toBuffer();
  t.is((await sharp(file).metadata()).width, 4);
  const { levels } = await decodePicture(file, 3, SIZE, "a");
  t.deepEqual(levels, fromBytes(upright, RGB, RANGE).levels);
});

test("another size is refused, and taken with a resize", async (t) => {
  const file = await pattern(3, 12, 4).png().toBuffer();
  t.is(
    await refusal(decodePicture(file, 3, SIZE, "images[2]")),
    'invalid-argument: images[2]: seen 12 x 4 pixels (width x height), expected 6 x 4, or a resize out of "cover", "contain", "fill"',
  );
  for (const resize of ["cover", "contain", "fill"] as const) {
    const raw = await sharp(file)
      .resize({ width: 6, height: 4, fit: resize, background: "black" })
      .raw()
      .toBuffer();
    const { levels } = await decodePicture(file, 3, { ...SIZE, resize }, "a");
    t.deepEqual(levels, fromBytes(raw, RGB, RANGE).levels, resize);
  }
  const contained = await decodePicture(file, 3, { ...SIZE, resize: "contain" }, "a");
  t.deepEqual(contained.levels.subarray(0, 6), new Uint8Array(6), "a bar of black above");
});

test("a resize leaves a picture of the right size as it is", async (t) => {
  const file = await pattern(3, 6, 4).png().toBuffer();
  const { levels } = await decodePicture(file, 3, { ...SIZE, resize: "cover" }, "a");
  t.deepEqual(levels, fromBytes(values(72), RGB, RANGE).levels);
});

test("gray is taken where gray is wanted: as such, and as three equal channels", async (t) => {
  const gray = values(24);
  const raw = { width: 6, height: 4, channels: 1 } as const;
  const expected = fromBytes(gray, { ...RGB, channels: 1 }, RANGE);
  const one = await sharp(gray, { raw }).toColourspace("b-w").png().toBuffer();
  const three = await sharp(gray, { raw })
    .toColourspace("srgb")
    .webp({ lossless: true })
    .toBuffer();
  for (const file of [one, three]) {
    t.deepEqual(await decodeGray(file, SIZE, "a"), expected);
    t.deepEqual(await decodePicture(file, 1, SIZE, "a"), expected);
  }
  const jpeg = await sharp(gray, { raw }).toColourspace("srgb").jpeg().toBuffer();
  t.is((await decodeGray(jpeg, SIZE, "a")).levels.length, 24);
});

test("a colour is refused where gray is wanted, with its place", async (t) => {
  const bytes = new Uint8Array(72).fill(9);
  bytes[3 * 8 + 2] = 10;
  const raw = { width: 6, height: 4, channels: 3 } as const;
  const file = await sharp(bytes, { raw }).png().toBuffer();
  const expected =
    "invalid-argument: a: seen a colour, (9, 9, 10) at row 1, column 2, expected a gray picture";
  t.is(await refusal(decodeGray(file, SIZE, "a")), expected);
  t.is(await refusal(decodePicture(file, 1, SIZE, "a")), expected);
});

test("images of other than 1 or 3 channels come as tensors only", async (t) => {
  const file = await pattern(3, 6, 4).png().toBuffer();
  t.is(
    await refusal(decodePicture(file, 2, SIZE, "a")),
    "capability-missing: a: the model's images have 2 channels, and a picture has 1 or 3; expected a tensor",
  );
});

const cut = async (file: Promise<Buffer>, bytes: number): Promise<Buffer> =>
  (await file).subarray(0, -bytes);
const longer = async (file: Promise<Buffer>): Promise<Buffer> =>
  Buffer.concat([await file, Buffer.alloc(5)]);
const svg = (head: string): Buffer =>
  Buffer.from(`${head}<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"></svg>`);

const READ = "expected PNG, JPEG or WebP data";
const WHOLE = /seen a (PNG|JPEG|WebP) that is cut off or broken, expected a whole one/;

const REFUSED: readonly [name: string, file: () => Buffer | Promise<Buffer>, seen: RegExp][] = [
  ["zero bytes", () => Buffer.alloc(0), new RegExp(`seen 0 bytes, ${READ}`)],
  ["text", () => Buffer.from("hello"), new RegExp(`seen bytes of no known .*, ${READ}`)],
  ["a GIF", () => pattern(3, 6, 4).gif().toBuffer(), new RegExp(`seen GIF data, ${READ}`)],
  ["a TIFF", () => pattern(3, 6, 4).tiff().toBuffer(), new RegExp(`seen TIFF data, ${READ}`)],
  ["an AVIF", () => pattern(3, 6, 4).avif().toBuffer(), new RegExp(`seen AVIF data, ${READ}`)],
  ["an SVG", () => svg(""), new RegExp(`seen SVG data, ${READ}`)],
  ["an SVG in XML", () => svg('<?xml version="1.0"?>\n'), new RegExp(`seen SVG data, ${READ}`)],
  ["a RIFF that is no WebP", () => Buffer.from("RIFF\0\0\0\0WAVEfmt "), /seen bytes of no known/],
  [
    "a file of another kind behind a size",
    () => Buffer.from("12345678WEBPVP8L"),
    /seen bytes of no known/,
  ],
  [
    "16 bits of colour",
    () => pattern(3, 6, 4).toColourspace("rgb16").png().toBuffer(),
    /seen a PNG of more than 8 bits a value, expected 8 bits/,
  ],
  [
    "16 bits of gray",
    () => pattern(1, 6, 4).toColourspace("grey16").png().toBuffer(),
    /seen a PNG of more than 8 bits a value/,
  ],
  [
    "alpha",
    () => pattern(4, 6, 4).png().toBuffer(),
    /seen a PNG in RGB with alpha, expected one without/,
  ],
  ["alpha in a WebP", () => pattern(4, 6, 4).webp().toBuffer(), /seen a WebP in RGB with alpha/],
  [
    "a palette with alpha",
    () => pattern(4, 6, 4).png({ palette: true }).toBuffer(),
    /seen a PNG in RGB with alpha/,
  ],
  ["gray with alpha", () => pattern(2, 6, 4).png().toBuffer(), /seen a PNG in gray with alpha/],
  [
    "gray for a model of colour",
    () => pattern(1, 6, 4).png().toBuffer(),
    /seen a gray PNG, expected one in RGB/,
  ],
  [
    "a gray JPEG for a model of colour",
    () => pattern(1, 6, 4).jpeg().toBuffer(),
    /seen a gray JPEG/,
  ],
  [
    "a CMYK JPEG",
    () => pattern(3, 6, 4).toColourspace("cmyk").jpeg().toBuffer(),
    /seen a CMYK JPEG, expected one in gray or RGB/,
  ],
  [
    "an animated WebP",
    () => animatedWebp(6, 4),
    /seen an animated WebP, expected one of a single picture/,
  ],
  ["an APNG", () => apng(6, 4), /seen an animated PNG, expected one of a single picture/],
  ["a PNG cut off in its data", () => cut(pattern(3, 6, 4).png().toBuffer(), 20), WHOLE],
  ["a PNG without its last chunk", () => cut(pattern(3, 6, 4).png().toBuffer(), 12), WHOLE],
  ["a PNG's signature alone", () => Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), WHOLE],
  ["a JPEG without its end", () => cut(pattern(3, 6, 4).jpeg().toBuffer(), 2), WHOLE],
  ["half a JPEG", () => cut(pattern(3, 64, 64).jpeg().toBuffer(), 800), WHOLE],
  ["a JPEG's head", () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00]), WHOLE],
  ["a WebP without its last byte", () => cut(pattern(3, 6, 4).webp().toBuffer(), 1), WHOLE],
  [
    "a PNG with more behind it",
    () => longer(pattern(3, 6, 4).png().toBuffer()),
    /seen 5 bytes behind the end of the PNG, expected none/,
  ],
  [
    "a JPEG with more behind it",
    () => longer(pattern(3, 6, 4).jpeg().toBuffer()),
    /seen 5 bytes behind the end of the JPEG/,
  ],
  [
    "a progressive JPEG with more behind it",
    () => longer(pattern(3, 64, 64).jpeg({ progressive: true }).toBuffer()),
    /seen 5 bytes behind/,
  ],
  [
    "a WebP with more behind it",
    () => longer(pattern(3, 6, 4).webp().toBuffer()),
    /seen 5 bytes behind the end of the WebP/,
  ],
  [
    "a PNG of 50,000 x 50,000",
    () => bomb(50_000, 50_000),
    /seen 50000 x 50000 pixels, expected at most 16777216/,
  ],
  [
    "a PNG that holds less than it says",
    () => bomb(6, 64),
    /seen a PNG that can't be decoded \(.+\), expected a whole one/,
  ],
];

for (const [name, make, seen] of REFUSED) {
  test(`refused: ${name}`, async (t) => {
    const message = await refusal(
      decodePicture(await make(), 3, { ...SIZE, resize: "fill" }, "images[2]"),
    );
    t.regex(message, new RegExp(`^invalid-argument: images\\[2\\]: ${seen.source}`));
  });
}

test("a bomb is refused from its header, without memory for its pixels", async (t) => {
  const file = bomb(50_000, 50_000);
  t.true(file.length < 10_000);
  const before = process.memoryUsage().rss;
  t.regex(await refusal(decodePicture(file, 3, SIZE, "a")), /50000 x 50000/);
  // Its pixels would be 7500 MB.
  t.true(process.memoryUsage().rss - before < 100e6);
});

test("pictures decoded together do not mix", async (t) => {
  const files = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      sharp(new Uint8Array(72).fill(i), { raw: { width: 6, height: 4, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  );
  const decoded = await Promise.all(files.map((file) => decodePicture(file, 3, SIZE, "a")));
  for (const [i, { levels }] of decoded.entries()) {
    t.deepEqual(levels, new Uint8Array(72).fill(i));
  }
});
