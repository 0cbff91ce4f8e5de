import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import { tangentName } from "../onnx/forward.ts";
import {
  normals,
  type ProofTensor,
  proofTensor,
  realNumbers,
  uniforms,
} from "./derivative-proof-inputs.ts";

/** What the graphs are evaluated at. */
export interface LineOptions {
  /** Rows of the batch, for a first dimension known at run time; default 4, and fewer of large pictures. */
  readonly rows?: number;
  /** Not more than so many rows by default. */
  readonly mostRows?: number;
  /** Lengths of other dimensions known at run time, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values for an input beside x, such as times; default: real numbers in (0.1, 1), zeros for others. */
  readonly values?: (name: string, dims: readonly number[]) => ArrayLike<number> | undefined;
  /** x is its standard normal numbers; default 1. */
  readonly seed?: number;
}

/** A function and its derivative along lines through x, by the original and by the derived graph. */
export interface Line {
  /** The function at x + s v, by the original. */
  value(s: number): Promise<Float64Array>;
  /** Its derivative in s, by the derived graph. */
  tangent(s: number): Promise<Float64Array>;
  /** What both graphs give at x, which is to be the same. */
  shared(): Promise<{ readonly original: Float64Array; readonly derived: Float64Array }>;
}

/** What a proof costs grows with its elements, and what it shows does not: so many of x, or one row. */
const MAX_ELEMENTS = 2 ** 20;
const ROWS = 4;

export type Feeds = Readonly<Record<string, Tensor>>;

/** f along the line through random x and v, both of standard normal numbers, with its tangent in forward mode. */
export function tangentLine(
  f: InferenceSession,
  df: InferenceSession,
  { input, output }: DifferentiationPath,
  options: LineOptions,
): Line {
  const place = placeOf(f, input, options);
  const v = place.direction(0);
  const tangents = { [tangentName(input)]: v.tensor };
  const outputs = [output, tangentName(output)];
  return {
    async value(s) {
      return realNumbers((await f.run(place.moved(v, s), [output]))[output]);
    },
    async tangent(s) {
      const run = await df.run({ ...place.moved(v, s), ...tangents }, outputs);
      return realNumbers(run[tangentName(output)]);
    },
    async shared() {
      const derived = await df.run({ ...place.start, ...tangents }, outputs);
      return { original: await this.value(0), derived: realNumbers(derived[output]) };
    },
  };
}

/** Random values for all inputs of a graph, x among them, and directions to move x in. */
export interface Place {
  /** Length of x's first axis. */
  readonly rows: number;
  readonly start: Feeds;
  /** A random direction, another one for each number. */
  direction(index: number): ProofTensor;
  /** The inputs with x + s v for x. */
  moved(v: ProofTensor, s: number): Feeds;
}

export function placeOf(
  session: InferenceSession,
  input: string,
  { mostRows = ROWS, dims = {}, values = () => undefined, seed = 1, ...options }: LineOptions,
): Place {
  const { rows = Math.min(mostRows, rowsOf(session, input)) } = options;
  const tensorOf = proofTensor(session, { rows, dims });
  const feeds = Object.fromEntries(
    session.inputNames.map((name, i) => {
      const fill = (count: number, shape: readonly number[]): ArrayLike<number> =>
        values(name, shape) ?? uniforms(seed + i, count);
      return [name, tensorOf(name, fill).tensor];
    }),
  );
  const x = tensorOf(input, (count) => normals(seed + 100, count));
  return {
    rows: x.tensor.dims[0] ?? 1,
    start: { ...feeds, [input]: x.tensor },
    direction: (index) => tensorOf(input, (count) => normals(seed + 200 + index, count)),
    moved(v, s) {
      const place = x.values.map((value, i) => value + s * (v.values[i] ?? 0));
      return { ...feeds, [input]: tensorOf(input, () => place).tensor };
    },
  };
}

function rowsOf({ inputMetadata }: InferenceSession, input: string): number {
  const metadata = inputMetadata.find(({ name }) => name === input);
  const [, ...shape] = metadata?.isTensor ? metadata.shape : [];
  const elements = shape.reduce<number>((n, dim) => n * (typeof dim === "number" ? dim : 1), 1);
  return Math.min(ROWS, Math.max(1, Math.floor(MAX_ELEMENTS / elements)));
}
