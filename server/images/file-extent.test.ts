import test from "ava";
import { fileExtent } from "./file-extent.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** A segment of a JPEG: marker, length, so many bytes of 0xd9, which are no end in there. */
function segment(marker: number, length: number): readonly number[] {
  return [0xff, marker, 0, 2 + length, ...new Array<number>(length).fill(0xd9)];
}

test("a JPEG ends with its EOI: not in a segment, in its data, or at a restart marker", (t) => {
  const data = [0x11, 0xff, 0x00, 0xd9, 0xff, 0xd0, 0x22, 0xff, 0xd7, 0x33];
  const start = [0xff, 0xd8, ...segment(0xe0, 6), 0xff, ...segment(0xdb, 3)];
  const scans = [...segment(0xda, 4), ...data, ...segment(0xc4, 2), ...segment(0xda, 4), ...data];
  const whole = [...start, ...scans, 0xff, 0xd9];
  t.is(fileExtent("JPEG", bytes(...whole)).end, whole.length);
  t.is(fileExtent("JPEG", bytes(...whole, 1, 2, 3)).end, whole.length);
  for (let length = 2; length < whole.length; length++) {
    t.is(fileExtent("JPEG", bytes(...whole.slice(0, length))).end, undefined, `${length} bytes`);
  }
});

test("a JPEG without a marker where one must be is broken", (t) => {
  const broken = [0xff, 0xd8, ...segment(0xe0, 6), 0x00, 0xff, 0xd9];
  t.is(fileExtent("JPEG", bytes(...broken)).end, undefined);
});

test("a PNG whose chunk says that it is larger than the file is cut off", (t) => {
  const file = Buffer.from("\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT0000IEND", "latin1");
  t.is(fileExtent("PNG", file).end, undefined);
});
