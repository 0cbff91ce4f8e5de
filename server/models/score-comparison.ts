import { evaluationScalars } from "../../sde/processes/parameterization.ts";
import { evaluator } from "../../worker/evaluate.ts";
import { graphOf, type Model } from "./model.ts";

/** Scores of a model's network that were computed elsewhere, as the network's own project computes them. */
export interface KnownScores {
  /** Pictures at each time. */
  readonly rows: number;
  /** Of a network that takes a class: the index of each row's. */
  readonly labels?: readonly number[];
  readonly points: readonly KnownScore[];
}

/** At diffusion time t (0: the least noise there is), x_t and its score, each rows x channels x height x width, flat. */
export interface KnownScore {
  readonly t: number;
  readonly x: readonly number[];
  readonly score: readonly number[];
}

/** The largest error at a time, relative to the largest score there. */
export interface ScoreError {
  readonly t: number;
  readonly error: number;
}

/**
 * Evaluates a model at the points of known scores, by its manifest's conventions and the worker's own evaluation. A
 * wrong convention (a time counted otherwise, another sign, a missing scaling) shows as an error of order 1. It runs
 * the network in its own thread, for a command that serves nobody; a server asks its workers.
 *
 * @throws RangeError where the values of a point are not as many as rows of the model's shape have, or the labels of a
 *   network that takes a class not as many as rows
 */
export async function scoreErrors(
  model: Model,
  { rows, labels, points }: KnownScores,
): Promise<readonly ScoreError[]> {
  const source = graphOf(model, "score");
  const size = source.channels * source.height * source.width;
  const batch = await evaluator(source, rows);
  if (batch.labels !== undefined && labels?.length !== rows) {
    throw new RangeError(
      `labels: seen ${labels?.length ?? 0}, expected ${rows}, for the network takes a class`,
    );
  }
  for (const [row, label] of (labels ?? []).entries()) batch.labels?.set(row, label);
  const errors: ScoreError[] = [];
  for (const { t, x, score } of points) {
    for (const values of [x, score]) {
      if (values.length !== rows * size) {
        throw new RangeError(
          `t = ${t}: seen ${values.length} values, expected ${rows} rows of ${size}`,
        );
      }
    }
    const scalars = evaluationScalars(
      model.process,
      model.parameterization,
      t === 0 ? model.process.samplingEps : t,
    );
    for (let i = 0; i < x.length; i++) batch.x[i] = scalars.inputScale * (x[i] ?? Number.NaN);
    for (let row = 0; row < rows; row++) batch.times.set(row, scalars.time);
    await batch.run();
    const seen = (i: number): number => {
      const row = Math.floor(i / size);
      const output = batch.output[row * (batch.output.length / rows) + (i % size)] ?? Number.NaN;
      return scalars.scoreFromInput * (x[i] ?? Number.NaN) + scalars.scoreFromOutput * output;
    };
    let largest = 0;
    let difference = 0;
    for (const [i, expected] of score.entries()) {
      largest = Math.max(largest, Math.abs(expected));
      difference = Math.max(difference, Math.abs(seen(i) - expected)); // NaN stays NaN
    }
    errors.push({ t, error: difference / largest });
  }
  return errors;
}
