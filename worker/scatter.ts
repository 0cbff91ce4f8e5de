import type { Evaluator } from "./evaluate.ts";
import type { OpenRow } from "./open-row.ts";
import { placesOf, type RowEvaluation } from "./protocol.ts";

/**
 * Turns what a batch gave into each row's score, and its derivative where asked for. Works in place: an output register
 * that is scratch is lent the batch's own memory.
 *
 * @param outputDims elements of one place of the output, at least `dims`
 */
export function scatter(
  rows: readonly OpenRow[],
  batch: Evaluator,
  dims: number,
  outputDims: number,
): void {
  let place = 0;
  for (const row of rows) {
    const { evaluate } = row.step;
    if (evaluate === undefined) continue;
    const from = place * outputDims;
    const score = batch.output.subarray(from, from + dims);
    mix(evaluate, batch.output, from, dims, outputDims);
    let sum = toScore(score, row.registers.read(evaluate.input), evaluate);
    if (evaluate.guidance !== undefined && batch.classifier !== undefined) {
      // The chain rule through the classifier's scaled input.
      const { inputScale, scale } = evaluate.guidance;
      sum = add(score, batch.classifier.gradient, place * dims, scale * inputScale);
    }
    store(row, evaluate.output, score);
    if (evaluate.tangent !== undefined && batch.tangent !== undefined) {
      const derivative = batch.tangent.output.subarray(from, from + dims);
      // The score is a x + b F(c x): its derivative along v is a v + b J_F (c v), by the same scalars.
      sum += toScore(derivative, row.registers.read(evaluate.tangent.input), evaluate);
      store(row, evaluate.tangent.output, derivative);
    }
    row.finite = Number.isFinite(sum);
    place += placesOf(evaluate);
  }
}

/** The weighted sum of a row's places, left in the first. */
function mix(
  { labels }: RowEvaluation,
  output: Float32Array,
  from: number,
  dims: number,
  outputDims: number,
): void {
  if (labels === undefined || labels.length < 2) return;
  for (let e = from; e < from + dims; e++) {
    let sum = 0;
    for (let k = 0; k < labels.length; k++) sum += labels[k]!.weight * output[e + k * outputDims]!;
    output[e] = sum;
  }
}

/** out = scoreFromInput x + scoreFromOutput out. @returns its sum, which is NaN or infinite where an element is */
function toScore(
  out: Float32Array,
  x: Float32Array,
  { scoreFromInput, scoreFromOutput }: RowEvaluation,
): number {
  let sum = 0;
  for (let e = 0; e < out.length; e++) {
    out[e] = scoreFromInput * x[e]! + scoreFromOutput * out[e]!;
    sum += out[e]!; // as float32, which may be infinite where the product was not
  }
  return sum;
}

/** out[e] += factor v[from + e]. @returns the sum of out */
function add(out: Float32Array, v: Float32Array, from: number, factor: number): number {
  let sum = 0;
  for (let e = 0; e < out.length; e++) {
    out[e]! += factor * v[from + e]!;
    sum += out[e]!;
  }
  return sum;
}

function store({ registers, step }: OpenRow, register: number, value: Float32Array): void {
  if (register >= step.lasting) registers.lend(register, value);
  else registers.write(register).set(value);
}
