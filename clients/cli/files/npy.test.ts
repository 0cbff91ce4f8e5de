import test from "ava";
import { readNpy, writeNpy } from "./npy.ts";

test("a file is as numpy writes it, byte for byte", (t) => {
  // numpy.save of numpy.arange(6, dtype="float32").reshape(1, 2, 3), numpy 2.4.
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }".padEnd(117);
  const expected = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(`${header}\n`),
    Buffer.from("000000000000803f0000004000004040000080400000a040", "hex"),
  ]);
  const array = { shape: [1, 2, 3], values: Float32Array.of(0, 1, 2, 3, 4, 5) };
  t.deepEqual(writeNpy(array), expected);
  t.deepEqual(readNpy(expected), array);
});

test("one dimension, float64, versions 2 and 3, and bytes at any offset are read", (t) => {
  const one = { shape: [2], values: Float32Array.of(1.5, -2) };
  t.true(writeNpy(one).includes("'shape': (2,)"));
  t.deepEqual(readNpy(writeNpy(one)), one);
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
  for (const version of [2, 3]) {
    const start = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\x00`, "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    const values = Buffer.from(Float64Array.of(1.5, -2).buffer);
    const file = Buffer.concat([Buffer.of(0), start, length, Buffer.from(header), values]);
    t.deepEqual(readNpy(file.subarray(1)), one);
  }
});

const refused: readonly (readonly [title: string, from: string, to: string, message: RegExp])[] = [
  ["Fortran order", "False", "True ", /seen an array in Fortran order/],
  ["whole numbers", "<f4", "<i4", /seen <i4, expected float32/],
  ["big endian", "<f4", ">f4", /seen >f4, expected float32/],
  ["too few bytes", "(2,)", "(3,)", /seen 8 bytes for the shape \(3,\), expected 12/],
  ["another file", "NUMPY", "NOMPY", /seen no \.npy file/],
];

for (const [title, from, to, message] of refused) {
  test(`refused: ${title}`, (t) => {
    const file = writeNpy({ shape: [2], values: Float32Array.of(1, 2) });
    const changed = Buffer.from(file.toString("latin1").replace(from, to), "latin1");
    t.throws(() => readNpy(changed), { instanceOf: RangeError, message });
  });
}
