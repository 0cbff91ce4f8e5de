import { endianness } from "node:os";

/** An array as numpy has it, C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const MAGIC = "\x93NUMPY";
/** The data begins at a multiple of this. */
const ALIGNMENT = 64;

/**
 * float32 in numpy's file format, version 1.0.
 *
 * Ours, because the packages for it fetch over the network or read only.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function writeNpy({ shape, values }: NpyArray): Buffer {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims}), }`;
  const unpadded = MAGIC.length + 4 + text.length + 1;
  const padding = " ".repeat((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT);
  const header = `${text}${padding}\n`;
  const start = Buffer.alloc(MAGIC.length + 4);
  start.write(MAGIC, "latin1");
  start.set([1, 0], MAGIC.length);
  start.writeUInt16LE(header.length, MAGIC.length + 2);
  return Buffer.concat([start, Buffer.from(header, "latin1"), littleEndian(values)]);
}

export function isNpy(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1") === MAGIC;
}

/**
 * float32 or float64, little endian, C order; float64 is rounded to float32.
 *
 * @throws RangeError for another file: what was seen and what would be right
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isNpy(file) || file.length < 12) throw new RangeError("seen no .npy file, expected one");
  const isLong = file.readUInt8(6) > 1;
  const start = isLong ? 12 : 10;
  const data = start + (isLong ? file.readUInt32LE(8) : file.readUInt16LE(8));
  const header = file.toString("latin1", start, data);
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "no plain type";
  if (/'fortran_order':\s*True/.test(header)) {
    throw new RangeError(
      "seen an array in Fortran order, expected C order: numpy.ascontiguousarray",
    );
  }
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "";
  const shape = dims
    .split(",")
    .filter((dim) => dim.trim() !== "")
    .map(Number);
  const count = shape.reduce((product, dim) => product * dim, 1);
  const size = descr === "<f4" ? 4 : descr === "<f8" ? 8 : undefined;
  if (size === undefined) throw new RangeError(`seen ${descr}, expected float32 (<f4) or float64`);
  if (file.length - data !== size * count) {
    const seen = `${file.length - data} bytes for the shape (${dims})`;
    throw new RangeError(`seen ${seen}, expected ${size * count}`);
  }
  if (size === 4) return { shape, values: readFloat32(file.subarray(data)) };
  const values = Float32Array.from({ length: count }, (_, e) => file.readDoubleLE(data + 8 * e));
  return { shape, values };
}

/** The values of float32, little endian. A copy, because bytes need not begin at a multiple of 4. */
export function readFloat32(bytes: Uint8Array): Float32Array {
  const copy = Buffer.from(bytes);
  if (endianness() === "BE") copy.swap32();
  return new Float32Array(Uint8Array.from(copy).buffer);
}

/** float32, little endian. A copy. */
export function littleEndian(values: Float32Array): Buffer {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return endianness() === "BE" ? bytes.swap32() : bytes;
}
