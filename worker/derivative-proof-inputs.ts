import { type InferenceSession, Tensor } from "onnxruntime-node";
import { float16OfNumber, float32OfFloat16 } from "../onnx/float16.ts";

/** A tensor with the numbers that it was made of, before rounding to its type. */
export interface ProofTensor {
  readonly tensor: Tensor;
  readonly values: Float64Array;
}

type Fill = (count: number, dims: readonly number[]) => ArrayLike<number>;

/**
 * Makes tensors of the type and shape of a session's inputs.
 *
 * @returns a function of an input's name and its values; it throws RangeError for a name, type or dimension unknown
 */
export function proofTensor(
  session: InferenceSession,
  lengths: { readonly rows: number; readonly dims: Readonly<Record<string, number>> },
): (name: string, fill: Fill) => ProofTensor {
  return (name, fill) => {
    const input = session.inputMetadata.find((entry) => entry.name === name);
    if (!input?.isTensor) throw new RangeError(`the graph has no tensor ${name} among its inputs`);
    const dims = input.shape.map((dim, axis) => {
      if (typeof dim === "number" && dim >= 0) return dim;
      const length = lengths.dims[dim] ?? (axis === 0 ? lengths.rows : undefined);
      if (length === undefined) throw new RangeError(`${name}: the length of ${dim} is not known`);
      return length;
    });
    const count = dims.reduce((product, dim) => product * dim, 1);
    const filled = fill(count, dims);
    const values = filled instanceof Float64Array ? filled : Float64Array.from(filled);
    return { tensor: tensorOf(input.type, values, dims), values };
  };
}

/** A tensor of a type. @throws RangeError for a type that proofs don't know */
export function tensorOf(type: string, values: Float64Array, dims: readonly number[]): Tensor {
  switch (type) {
    case "float32":
      return new Tensor("float32", new Float32Array(values), dims);
    case "float64":
      return new Tensor("float64", values, dims);
    case "float16":
      return new Tensor("float16", Uint16Array.from(values, float16OfNumber), dims);
    // Indices: what is between 0 and 1 is rounded to 0.
    case "int64":
      return new Tensor(
        "int64",
        BigInt64Array.from(values, (value) => BigInt(Math.floor(value))),
        dims,
      );
    case "int32":
      return new Tensor("int32", Int32Array.from(values, Math.floor), dims);
    case "bool":
      return new Tensor("bool", Uint8Array.from(values, Math.floor), dims);
    default:
      throw new RangeError(`inputs of type ${type} are not supported in a proof`);
  }
}

/** The elements of an output, which is of a type with derivatives. */
export function realNumbers(output: Tensor | undefined): Float64Array {
  if (output?.data instanceof Float32Array) return new Float64Array(output.data);
  const data = (output?.data ?? []) as ArrayLike<number>;
  // Without Float16Array, halves come as their bits.
  return Float64Array.from(data, output?.type === "float16" ? float32OfFloat16 : Number);
}

/** Numbers in (0.1, 1) from a seed: the same in every run. */
export function uniforms(seed: number, count: number): Float64Array {
  return new Float64Array(count).map((_, i) => 0.1 + 0.9 * fraction(seed, i));
}

/** Standard normal numbers from a seed (Box-Muller). */
export function normals(seed: number, count: number): Float64Array {
  return new Float64Array(count).map((_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - fraction(seed, 2 * i)));
    return radius * Math.cos(2 * Math.PI * fraction(seed, 2 * i + 1));
  });
}

/** A number in [0, 1) by mixing the bits of a counter (splitmix32). */
function fraction(seed: number, index: number): number {
  let z = Math.imul(seed, 0x9e3779b9) + Math.imul(index + 1, 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}
