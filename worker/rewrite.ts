import { type OnnxModel, rewritten, writeModel } from "../onnx/index.ts";
import type { Rewrite } from "../onnx/rewrites/rewrite.ts";
import { distance, type GraphFile, withSessions } from "./derivative-proof.ts";
import { normals, proofTensor, realNumbers, uniforms } from "./derivative-proof-inputs.ts";

/** More than one, so that what mixes rows shows. */
const ROWS = 2;

/** Rounding in another order leaves 1e-7 to 1e-5 of a network's output; one wrong weight in a thousand 1e-3 and more. */
export const REWRITING_TOLERANCE = 1e-4;

export interface ComparedRewriting {
  readonly model: OnnxModel;
  /** |rewritten - original| / |original|, of the output where that is largest. */
  readonly error: number;
}

/**
 * A network in the form that is fastest on a CPU, compared with the original on random inputs.
 *
 * @param mostRows of an evaluation in the comparison
 * @returns undefined where nothing can be rewritten
 * @throws RangeError where the two differ by more than rounding; else what onnxruntime throws
 */
export async function rewrittenAndCompared(
  model: OnnxModel,
  rewrites: readonly Rewrite[],
  mostRows: number = ROWS,
): Promise<ComparedRewriting | undefined> {
  const result = rewritten(model, rewrites);
  if (result === undefined) return undefined;
  const error = await rewritingError(writeModel(model), writeModel(result), {
    rows: Math.min(ROWS, mostRows),
  });
  if (error <= REWRITING_TOLERANCE) return { model: result, error };
  throw new RangeError(
    `the rewritten network differs from the original by ${error.toExponential(1)}, at most ${REWRITING_TOLERANCE} is rounding`,
  );
}

/** The largest relative difference of two networks' outputs, for standard normal pictures and times in (0.1, 1). */
export function rewritingError(
  original: GraphFile,
  other: GraphFile,
  { rows }: { readonly rows: number } = { rows: ROWS },
): Promise<number> {
  return withSessions([original, other], async (f, g) => {
    const tensorOf = proofTensor(f, { rows, dims: {} });
    const feeds = Object.fromEntries(
      f.inputNames.map((name, i) => {
        const fill = (count: number, dims: readonly number[]): Float64Array =>
          dims.length === 4 ? normals(i + 1, count) : uniforms(i + 1, count);
        return [name, tensorOf(name, fill).tensor];
      }),
    );
    const [expected, seen] = [await f.run(feeds), await g.run(feeds)];
    const errors = f.outputNames.map((name) => {
      const [a, b] = [expected[name], seen[name]];
      if (a?.dims.join() !== b?.dims.join()) return Number.POSITIVE_INFINITY;
      return distance(realNumbers(a), realNumbers(b));
    });
    return Math.max(...errors);
  });
}
