import type { InferenceSession } from "onnxruntime-node";
import type { DifferentiationPath } from "../onnx/differentiation-path.ts";
import { type Line, type LineOptions, tangentLine } from "./derivative-line.ts";
import { createSession } from "./native-calls.ts";

/** A graph's bytes, or its path. */
export type GraphFile = Uint8Array | string;

/** One comparison of derivatives with a difference. */
export interface ProofError {
  /** h, of the difference (f(x + h v) - f(x - h v)) / 2 h. */
  readonly step: number;
  /** Places between x - h v and x + h v whose derivatives' mean is compared with it; 1: the derivative at x. */
  readonly points: number;
  /** |derivative - difference| / the larger of the two, over all rows. Infinity where any element is no number. */
  readonly error: number;
}

/** How a derived graph compares with differences of the function. */
export interface DerivativeProof extends ProofError {
  /** Whether the least error, which is this one, is within the tolerance. */
  readonly accepted: boolean;
  /** |f of the derived graph - f of the original| / |f|, of what the derived graph hands through. */
  readonly valueError: number;
  /** All comparisons, in the order in which they were made. */
  readonly errors: readonly ProofError[];
}

export interface ProofOptions extends LineOptions {
  /** The largest error to accept; default DERIVATIVE_TOLERANCE. */
  readonly tolerance?: number;
}

/**
 * Rounding of float32 networks leaves differences about 1e-4 to trust, with the step that suits them best; a rule
 * that is wrong is wrong by more than 1 in 100 of |J v| for random v (docs/decisions/0004).
 */
export const DERIVATIVE_TOLERANCE = 3e-3;

/** Steps 2^-1 to 2^-11 for x and v of standard normal numbers. */
const STEPS: readonly number[] = Array.from({ length: 11 }, (_, i) => 2 ** -(i + 1));

/** For functions with kinks: a step far above rounding, and how many places to average over. */
const WIDE_STEP = 1 / 8;
const WIDE_POINTS: readonly number[] = [16, 64, 256];

/**
 * Compares the tangent that a derived graph gives with differences of the original's output: (f(x + h v) - f(x - h v))
 * / 2 h for steps h, and their extrapolation (4 D(h / 2) - D(h)) / 3, whose error falls with h^4.
 *
 * Where the network has kinks (Relu, MaxPool), some lie within any step large enough for float32: the error falls with
 * the step, but not far enough. Then the difference at a wide step is compared with the mean tangent along it, which it
 * equals exactly: the error of the mean falls with the number of places, kinks or not.
 *
 * Costs 23 evaluations of the original and one of the derived graph; up to 337 of the latter where there are kinks.
 * Both sessions are freed.
 *
 * @throws what onnxruntime throws for a file that it can't load or run, RangeError for a dimension of unknown length
 */
export function proveTangent(
  original: GraphFile,
  derived: GraphFile,
  path: DifferentiationPath,
  options: ProofOptions = {},
): Promise<DerivativeProof> {
  return withSessions([original, derived], (f, df) =>
    prove(tangentLine(f, df, path, options), options.tolerance),
  );
}

/** Runs `use` with a session for each file, and frees them. */
export async function withSessions<T, Files extends readonly GraphFile[]>(
  files: Files,
  use: (...sessions: { [K in keyof Files]: InferenceSession }) => Promise<T>,
): Promise<T> {
  const sessions: InferenceSession[] = [];
  try {
    for (const file of files) sessions.push(await load(file));
    return await use(...(sessions as { [K in keyof Files]: InferenceSession }));
  } finally {
    await Promise.all(sessions.map((session) => session.release()));
  }
}

function load(file: GraphFile): Promise<InferenceSession> {
  return createSession(file, { intraOpNumThreads: 1, logSeverityLevel: 3 });
}

/** Compares derivatives along a line with differences, as `proveTangent` describes. */
export async function prove(
  line: Line,
  tolerance: number = DERIVATIVE_TOLERANCE,
): Promise<DerivativeProof> {
  const { original, derived } = await line.shared();
  const valueError = distance(original, derived);
  const errors = await stepErrors(line, await line.tangent(0));
  if (least(errors).error > tolerance && fallsWithStep(errors)) {
    let before = Number.POSITIVE_INFINITY;
    for (const points of WIDE_POINTS) {
      const wide = await wideError(line, points);
      errors.push(wide);
      if (wide.error <= tolerance || wide.error > 0.7 * before) break;
      before = wide.error;
    }
  }
  const best = least(errors);
  const accepted = best.error <= tolerance && valueError <= tolerance;
  return { accepted, ...best, valueError, errors };
}

/** Whether smaller steps are better, as with kinks: the error of a wrong tangent is the same at all. */
function fallsWithStep(errors: readonly ProofError[]): boolean {
  const middle = errors[Math.floor(errors.length / 3)];
  return middle !== undefined && least(errors).error < 0.5 * middle.error;
}

function least(errors: readonly ProofError[]): ProofError {
  return errors.reduce((a, b) => (b.error < a.error ? b : a));
}

/** The tangent at x against the differences at each step, of which two are held at a time. */
async function stepErrors(line: Line, tangent: Float64Array): Promise<ProofError[]> {
  const errors: ProofError[] = [];
  let wide = await difference(line, STEPS[0] ?? 1);
  for (const [i, step] of STEPS.entries()) {
    const next = STEPS[i + 1];
    const narrow = next === undefined ? undefined : await difference(line, next);
    const distances = estimates(wide, narrow).map((estimate) => distance(tangent, estimate));
    errors.push({ step, points: 1, error: Math.min(...distances) });
    if (narrow !== undefined) wide = narrow;
  }
  return errors;
}

/** The mean tangent of places in the middles of equal parts of the line against the difference of its ends. */
async function wideError(line: Line, points: number): Promise<ProofError> {
  const expected = await difference(line, WIDE_STEP);
  const mean = new Float64Array(expected.length);
  for (let part = 0; part < points; part++) {
    const tangent = await line.tangent(WIDE_STEP * ((2 * part + 1) / points - 1));
    for (const [i, value] of tangent.entries()) mean[i] = (mean[i] ?? 0) + value / points;
  }
  return { step: WIDE_STEP, points, error: distance(mean, expected) };
}

async function difference(line: Line, step: number): Promise<Float64Array> {
  const [above, below] = [await line.value(step), await line.value(-step)];
  return above.map((high, i) => (high - (below[i] ?? 0)) / (2 * step));
}

/** The difference at a step, and extrapolated with the next one. */
function estimates(wide: Float64Array, narrow: Float64Array | undefined): readonly Float64Array[] {
  if (narrow === undefined) return [wide];
  return [wide, narrow.map((value, i) => (4 * value - (wide[i] ?? 0)) / 3)];
}

/** |a - b| / max(|a|, |b|); 0 where both are 0. */
export function distance(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [ofA, ofB, apart] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    ofA += left * left;
    ofB += right * right;
    apart += (left - right) * (left - right);
  }
  const size = Math.sqrt(Math.max(ofA, ofB));
  const error = size === 0 ? 0 : Math.sqrt(apart) / size;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
