import test from "ava";
import { Image, ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { toBlob, toFloatTensor, toRgba } from "./picture.ts";

function image(format: ImageFormat, channels: number, data: Uint8Array): Image {
  return Image.fromPartial({ format, shape: { channels, height: 1, width: 2 }, data });
}

const RAW_UINT8 = ImageFormat.IMAGE_FORMAT_RAW_UINT8;
const RAW_FLOAT32 = ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;

test("raw pixels of three channels, and of one, are opaque RGBA", (t) => {
  const colours = toRgba(image(RAW_UINT8, 3, Uint8Array.of(1, 2, 3, 4, 5, 6)));
  t.deepEqual([colours.width, colours.height], [2, 1]);
  t.deepEqual([...colours.data], [1, 2, 3, 255, 4, 5, 6, 255]);
  const gray = toRgba(image(RAW_UINT8, 1, Uint8Array.of(7, 8)));
  t.deepEqual([...gray.data], [7, 7, 7, 255, 8, 8, 8, 255]);
});

test("floats are read wherever in a frame they begin", (t) => {
  const values = Float32Array.of(-1, 0.5);
  const frame = new Uint8Array(9);
  frame.set(new Uint8Array(values.buffer), 1);
  t.deepEqual(toFloatTensor(image(RAW_FLOAT32, 1, frame.subarray(1))).values, values);
});

test("a file is a Blob of its type", async (t) => {
  const blob = toBlob(image(ImageFormat.IMAGE_FORMAT_WEBP, 3, Uint8Array.of(9, 8)));
  t.is(blob.type, "image/webp");
  t.deepEqual([...new Uint8Array(await blob.arrayBuffer())], [9, 8]);
});

test("a picture of another format is refused with what was seen", (t) => {
  const raw = image(RAW_UINT8, 3, new Uint8Array(6));
  const png = image(ImageFormat.IMAGE_FORMAT_PNG, 3, new Uint8Array(6));
  const refusal = (seen: string, expected: string) => ({
    instanceOf: TypeError,
    message: `image: seen ${seen}, expected ${expected}`,
  });
  t.throws(() => toBlob(raw), refusal("IMAGE_FORMAT_RAW_UINT8", "PNG, JPEG or WebP"));
  t.throws(() => toFloatTensor(raw), refusal("IMAGE_FORMAT_RAW_UINT8", "IMAGE_FORMAT_RAW_FLOAT32"));
  t.throws(() => toRgba(png), refusal("IMAGE_FORMAT_PNG", "IMAGE_FORMAT_RAW_UINT8"));
});
