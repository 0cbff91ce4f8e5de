import type { Evaluator } from "./evaluate.ts";
import type { OpenRow } from "./open-row.ts";
import { placesOf } from "./protocol.ts";

/** Fills a batch with what its rows evaluate: each row's places lie side by side, in the order of the rows. */
export function gather(rows: readonly OpenRow[], batch: Evaluator, dims: number): void {
  let place = 0;
  for (const row of rows) {
    const { evaluate } = row.step;
    if (evaluate === undefined) continue;
    const x = row.registers.read(evaluate.input);
    for (let k = 0; k < placesOf(evaluate); k++, place++) {
      scale(batch.x, place * dims, x, evaluate.inputScale);
      batch.times.set(place, evaluate.time);
      const label = evaluate.labels?.[k]?.label;
      if (label !== undefined) batch.labels?.set(place, label);
      fillDerivatives(row, batch, place, dims);
    }
  }
}

/** What the graph differentiates in or towards. */
function fillDerivatives(row: OpenRow, batch: Evaluator, place: number, dims: number): void {
  const { evaluate } = row.step;
  if (evaluate?.tangent !== undefined && batch.tangent !== undefined) {
    const v = row.registers.read(evaluate.tangent.input);
    scale(batch.tangent.input, place * dims, v, evaluate.inputScale);
  }
  if (evaluate?.guidance !== undefined && batch.classifier !== undefined) {
    const { inputScale, time, label } = evaluate.guidance;
    scale(batch.classifier.x, place * dims, row.registers.read(evaluate.input), inputScale);
    batch.classifier.times.set(place, time);
    batch.classifier.labels.set(place, label);
  }
}

/** out[from + e] = factor v[e] */
function scale(out: Float32Array, from: number, v: Float32Array, factor: number): void {
  for (let e = 0; e < v.length; e++) out[from + e] = factor * v[e]!;
}
