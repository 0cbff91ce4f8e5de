import type { InferenceSession, Tensor } from "onnxruntime-node";
import { cotangentName } from "../onnx/backward.ts";
import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import { classifierName, type GuidedOptions } from "../onnx/guided.ts";
import { type ClassifierPath, LABEL_INPUT } from "../onnx/log-probability-gradient.ts";
import { gradientName } from "../onnx/reverse.ts";
import { gradientLine, rowProducts } from "./derivative-gradient-line.ts";
import { type Feeds, placeOf } from "./derivative-line.ts";
import {
  type DerivativeProof,
  type GraphFile,
  type ProofOptions,
  prove,
  withSessions,
} from "./derivative-proof.ts";
import { normals, realNumbers, tensorOf } from "./derivative-proof-inputs.ts";

/**
 * Proves `reverseMode`: <J^T w, v> against differences of <w, f> along v, for random w and v. Costs 2 (or, of a batch
 * of 1, 8) times what `proveTangent` does, whose conditions and exceptions are also these.
 */
export function proveCotangent(
  original: GraphFile,
  derived: GraphFile,
  path: DifferentiationPath,
  options: ProofOptions = {},
): Promise<DerivativeProof> {
  return withSessions([original, derived], async (f, df) => {
    const place = placeOf(f, path.input, options);
    const value = await outputOf(f, path.output, place.start);
    const count = realNumbers(value).length;
    const w = normals((options.seed ?? 1) + 300, count);
    const seed = { [cotangentName(path.output)]: tensorOf(value.type, w, value.dims) };
    const line = gradientLine({
      place,
      value: async (feeds) =>
        rowProducts(realNumbers(await outputOf(f, path.output, feeds)), w, place.rows),
      gradient: (feeds) => outputOf(df, cotangentName(path.input), { ...feeds, ...seed }),
      shared: async () => ({
        original: realNumbers(value),
        derived: realNumbers(await outputOf(df, path.output, { ...place.start, ...seed })),
      }),
    });
    return prove(line, options.tolerance);
  });
}

/** Proves `gradientMode`, as `proveCotangent` does the cotangent. */
export function proveGradient(
  original: GraphFile,
  derived: GraphFile,
  path: DifferentiationPath,
  options: ProofOptions = {},
): Promise<DerivativeProof> {
  return withSessions([original, derived], (f, df) => {
    const place = placeOf(f, path.input, options);
    const numbers = async (session: InferenceSession, feeds: Feeds): Promise<Float64Array> =>
      realNumbers(await outputOf(session, path.output, feeds));
    const line = gradientLine({
      place,
      value: (feeds) => numbers(f, feeds),
      gradient: (feeds) => outputOf(df, gradientName(path.input), feeds),
      shared: async () => ({
        original: await numbers(f, place.start),
        derived: await numbers(df, place.start),
      }),
    });
    return prove(line, options.tolerance);
  });
}

/** Proves `logProbabilityGradient`, for another label in each row. */
export function proveLogProbabilityGradient(
  original: GraphFile,
  derived: GraphFile,
  path: ClassifierPath,
  options: ProofOptions = {},
): Promise<DerivativeProof> {
  return withSessions([original, derived], async (f, df) => {
    const place = placeOf(f, path.input, options);
    const value = await outputOf(f, path.output, place.start);
    const labels = labelsOf(value);
    const label = { [LABEL_INPUT]: labelTensor(labels) };
    const line = gradientLine({
      place,
      value: async (feeds) => logProbabilities(await outputOf(f, path.output, feeds), labels, path),
      gradient: (feeds) => outputOf(df, gradientName(path.input), { ...feeds, ...label }),
      shared: async () => ({
        original: realNumbers(value),
        derived: realNumbers(await outputOf(df, path.output, { ...place.start, ...label })),
      }),
    });
    return prove(line, options.tolerance);
  });
}

/**
 * Proves `guided`: the classifier's gradient as `proveLogProbabilityGradient` does, and the score network's output
 * against that of its own file.
 */
export function proveGuided(
  files: { readonly score: GraphFile; readonly classifier: GraphFile; readonly derived: GraphFile },
  { scoreOutput, classifier: path }: GuidedOptions,
  options: ProofOptions = {},
): Promise<DerivativeProof> {
  const { score, classifier, derived } = files;
  return withSessions([score, classifier, derived], async (f, p, both) => {
    const { start } = placeOf(f, largestInput(f), options);
    const place = placeOf(p, path.input, options);
    const labels = labelsOf(await outputOf(p, path.output, place.start));
    const others = { ...start, [LABEL_INPUT]: labelTensor(labels) };
    const at = (feeds: Feeds): Feeds => ({
      ...others,
      ...Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [classifierName(name), tensor]),
      ),
    });
    const line = gradientLine({
      place,
      value: async (feeds) => logProbabilities(await outputOf(p, path.output, feeds), labels, path),
      gradient: (feeds) => outputOf(both, classifierName(gradientName(path.input)), at(feeds)),
      shared: async () => ({
        original: realNumbers(await outputOf(f, scoreOutput, start)),
        derived: realNumbers(await outputOf(both, scoreOutput, at(place.start))),
      }),
    });
    return prove(line, options.tolerance);
  });
}

/** The picture's name, in whatever order a network takes it and times: those would be no times if normal numbers. */
function largestInput({ inputMetadata }: InferenceSession): string {
  const sizes = inputMetadata.map((input) => {
    const dims = input.isTensor ? input.shape : [];
    return dims.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : 2), 1);
  });
  return inputMetadata[sizes.indexOf(Math.max(...sizes))]?.name ?? "";
}

async function outputOf(session: InferenceSession, name: string, feeds: Feeds): Promise<Tensor> {
  const { [name]: output } = await session.run(feeds, [name]);
  if (output === undefined) throw new RangeError(`the graph has no output ${name}`);
  return output;
}

/** Another class for each row, as far as there are classes. */
function labelsOf({ dims: [rows = 1, classes = 1] }: Tensor): readonly number[] {
  return Array.from({ length: rows }, (_, row) => (3 * row + 1) % classes);
}

function labelTensor(labels: readonly number[]): Tensor {
  return tensorOf("int64", Float64Array.from(labels), [labels.length]);
}

/** log p(label | x) of each row, in float64. */
function logProbabilities(
  output: Tensor,
  labels: readonly number[],
  { kind }: ClassifierPath,
): Float64Array {
  const numbers = realNumbers(output);
  const classes = numbers.length / labels.length;
  return Float64Array.from(labels, (label, row) => {
    const logits = numbers.subarray(row * classes, (row + 1) * classes);
    const chosen = logits[label] ?? Number.NaN;
    if (kind === "log-probabilities") return chosen;
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return chosen - largest - Math.log(sum);
  });
}
