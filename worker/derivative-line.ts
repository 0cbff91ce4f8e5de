import type { InferenceSession } from "onnxruntime-node";
import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import { tangentName } from "../onnx/forward.ts";
import { normals, proofTensor, realNumbers, uniforms } from "./derivative-proof-inputs.ts";

/** What the graphs are evaluated at. */
export interface LineOptions {
  /** Rows of the batch, for a first dimension known at run time; default 4. */
  readonly rows?: number;
  /** Lengths of other dimensions known at run time, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values for an input beside x, such as times; default: real numbers in (0.1, 1), zeros for others. */
  readonly values?: (name: string, dims: readonly number[]) => ArrayLike<number> | undefined;
  /** x is its standard normal numbers; default 1. */
  readonly seed?: number;
}

/** A graph and its derived graph at places along the line x + s v. */
export interface Line {
  /** f(x + s v) by the original. */
  value(s: number): Promise<Float64Array>;
  /** f(x + s v) and its derivative in s by the derived graph. */
  tangent(s: number): Promise<{ readonly value: Float64Array; readonly tangent: Float64Array }>;
}

/** The line through random x and v, both of standard normal numbers. */
export function lineOf(
  f: InferenceSession,
  df: InferenceSession,
  { input, output }: DifferentiationPath,
  { rows = 4, dims = {}, values = () => undefined, seed = 1 }: LineOptions,
): Line {
  const tensorOf = proofTensor(f, { rows, dims });
  const feeds = Object.fromEntries(
    f.inputNames.map((name, i) => {
      const fill = (count: number, shape: readonly number[]): ArrayLike<number> =>
        values(name, shape) ?? uniforms(seed + i, count);
      return [name, tensorOf(name, fill).tensor];
    }),
  );
  const x = tensorOf(input, (count) => normals(seed + 100, count));
  const v = tensorOf(input, (count) => normals(seed + 200, count));
  const at = (s: number): typeof feeds => {
    const moved = x.values.map((value, i) => value + s * (v.values[i] ?? 0));
    return { ...feeds, [input]: tensorOf(input, () => moved).tensor };
  };
  return {
    async value(s) {
      const run = await f.run(at(s), [output]);
      return realNumbers(run[output]);
    },
    async tangent(s) {
      const run = await df.run({ ...at(s), [tangentName(input)]: v.tensor });
      return { value: realNumbers(run[output]), tangent: realNumbers(run[tangentName(output)]) };
    },
  };
}
