import test from "ava";
import fc from "fast-check";
import sharp from "sharp";
import { ServerError } from "../errors.ts";
import { bomb, pattern } from "../testing/picture-files.ts";
import { decodeMask, type WantedMask } from "./decode-mask.ts";

const SIZE: WantedMask = { width: 3, height: 2 };
/** Known where the file says 1. */
const MASK = [1, 0, 0, 1, 1, 0];

type Colour = readonly number[];

/** A file whose pixels are these. */
function file(pixels: readonly Colour[], width = 3): Promise<Buffer> {
  const channels = pixels[0]?.length as 1 | 2 | 3 | 4;
  const raw = { width, height: pixels.length / width, channels };
  const picture = sharp(Uint8Array.from(pixels.flat()), { raw });
  return (channels < 3 ? picture.toColourspace("b-w") : picture).png().toBuffer();
}

/** MASK in two colours. */
function painted(known: Colour, unknown: Colour): Promise<Buffer> {
  return file(MASK.map((one) => (one === 1 ? known : unknown)));
}

async function refusal(mask: Promise<unknown>): Promise<string> {
  try {
    await mask;
  } catch (error) {
    if (error instanceof ServerError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "(it was taken)";
}

const FORMS: readonly [name: string, file: () => Promise<Buffer>][] = [
  ["gray", () => painted([255], [0])],
  ["gray near its threshold", () => painted([128], [127])],
  ["RGB", () => painted([255, 255, 255], [0, 0, 0])],
  ["RGB that is not quite gray", () => painted([250, 255, 240], [0, 9, 3])],
  ["gray, opaque", () => painted([255, 255], [0, 255])],
  ["RGB, opaque", () => painted([255, 255, 255, 255], [0, 0, 0, 255])],
  ["the alpha of gray", () => painted([0, 255], [0, 0])],
  ["the alpha of white", () => painted([255, 255, 255, 255], [255, 255, 255, 0])],
  ["the alpha of a colour, half transparent", () => painted([9, 8, 7, 200], [9, 8, 7, 100])],
  ["an alpha behind which the colour is lost", () => painted([9, 8, 7, 255], [0, 0, 0, 0])],
];

for (const [name, make] of FORMS) {
  test(`a mask in ${name}`, async (t) => {
    t.deepEqual([...(await decodeMask(await make(), SIZE, "mask"))], MASK);
  });
}

test("a mask in WebP and in JPEG", async (t) => {
  const png = await painted([255, 255, 255], [0, 0, 0]);
  const webp = await sharp(png).webp({ lossless: true }).toBuffer();
  t.deepEqual([...(await decodeMask(webp, SIZE, "mask"))], MASK);
  const halves = await file(
    Array.from({ length: 256 }, (_, i) => [i % 16 < 8 ? 255 : 0]),
    16,
  );
  const jpeg = await sharp(halves).jpeg({ quality: 90 }).toBuffer();
  const mask = await decodeMask(jpeg, { width: 16, height: 16 }, "mask");
  t.deepEqual(
    [...mask],
    Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : 0)),
  );
});

test("black all over, and opaque, is unknown all over", async (t) => {
  const black = await file(MASK.map(() => [0, 0, 0, 255]));
  t.deepEqual([...(await decodeMask(black, SIZE, "mask"))], [0, 0, 0, 0, 0, 0]);
});

test("every mask comes back from the file that it was written to", async (t) => {
  const bits = fc.array(fc.constantFrom(0, 1), { minLength: 6, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(bits, async (mask) => {
      const png = await file(mask.map((bit) => [255 * bit]));
      t.deepEqual([...(await decodeMask(png, SIZE, "mask"))], mask);
    }),
  );
});

test("a mask is resized to the nearest pixel; bars are unknown", async (t) => {
  const wide = await file(
    Array.from({ length: 32 }, (_, i) => [i % 8 < 4 ? 255 : 0]),
    8,
  );
  const size = { width: 4, height: 4 };
  const rows = async (resize: "cover" | "contain" | "fill"): Promise<string[]> => {
    const mask = await decodeMask(wide, { ...size, resize }, "mask");
    return [0, 4, 8, 12].map((at) => mask.subarray(at, at + 4).join(""));
  };
  t.deepEqual(await rows("fill"), ["1100", "1100", "1100", "1100"]);
  t.deepEqual(await rows("contain"), ["0000", "1100", "1100", "0000"]);
  t.deepEqual(await rows("cover"), ["1100", "1100", "1100", "1100"]);
});

test("a thin line is in a smaller mask whole or not at all, never as an average", async (t) => {
  // One column of three is known: an average of three would be black.
  const lines = await file(
    Array.from({ length: 27 }, (_, i) => [i % 3 === 1 ? 255 : 0]),
    9,
  );
  const mask = await decodeMask(lines, { width: 3, height: 3, resize: "fill" }, "mask");
  t.deepEqual([...mask], [1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

const REFUSED: readonly [name: string, file: () => Buffer | Promise<Buffer>, seen: RegExp][] = [
  [
    "another size",
    () =>
      file(
        MASK.map(() => [0]),
        2,
      ),
    /seen 2 x 3 pixels .*, expected 3 x 2, or a resize/,
  ],
  [
    "a colour",
    () => painted([255, 0, 0], [0, 0, 0]),
    /seen a colour, \(255, 0, 0\) at row 0, column 0, expected black and white/,
  ],
  [
    "colour and alpha that vary both",
    () => painted([255, 200], [0, 100]),
    /seen a mask whose colour and transparency both vary/,
  ],
  ["zero bytes", () => Buffer.alloc(0), /seen 0 bytes, expected PNG/],
  ["a GIF", () => pattern(3, 3, 2).gif().toBuffer(), /seen GIF data, expected PNG/],
  [
    "16 bits",
    () => pattern(1, 3, 2).toColourspace("grey16").png().toBuffer(),
    /seen a PNG of more than 8 bits/,
  ],
  [
    "a PNG of 50,000 x 50,000",
    () => bomb(50_000, 50_000),
    /seen 50000 x 50000 pixels, expected at most/,
  ],
];

for (const [name, make, seen] of REFUSED) {
  test(`refused as a mask: ${name}`, async (t) => {
    const message = await refusal(decodeMask(await make(), SIZE, "condition.inpaint.mask"));
    t.regex(message, new RegExp(`^invalid-argument: condition\\.inpaint\\.mask: ${seen.source}`));
  });
}
