import { bitsPerDim, combineDraws, type Quantization } from "../../sde/index.ts";
import type { Answer, EndedRow } from "../engine/job-spec.ts";

export interface LikelihoodQuestion {
  readonly dims: number;
  readonly quantization: Quantization;
  /** Rows lie image by image, draw by draw, probe by probe. */
  readonly draws: number;
  readonly probes: number;
  readonly importanceWeighted: boolean;
}

type Ended = Pick<EndedRow, "values" | "evaluations">;

/** One answer an image, when the last of its probes has ended. */
export function likelihoodAnswer(question: LikelihoodQuestion): Answer {
  const { draws, probes } = question;
  const rowsPerImage = draws * probes;
  const images = new Map<number, Map<number, Ended>>();
  return async (row) => {
    const image = Math.floor(row.index / rowsPerImage);
    const rows = images.get(image) ?? new Map<number, Ended>();
    images.set(image, rows);
    // Without its result, which nobody asks for: an image that is cancelled half way leaves what is here.
    const { values, evaluations } = row;
    rows.set(row.index % rowsPerImage, { values, evaluations });
    if (rows.size < rowsPerImage) return undefined;
    images.delete(image);
    const inOrder = [...rows].sort(([a], [b]) => a - b).map(([, ended]) => ended);
    return { $case: "likelihood", value: { row: image, ...estimate(inOrder, question) } };
  };
}

function estimate(rows: readonly Ended[], question: LikelihoodQuestion) {
  const { dims, quantization, draws, probes, importanceWeighted } = question;
  const parts = rows.map(({ values }) => {
    const { priorLogDensity = Number.NaN, divergence = Number.NaN } = values;
    return { priorLogDensity, divergence };
  });
  const densities = parts.map(({ priorLogDensity, divergence }) => priorLogDensity + divergence);
  const byDraw = Array.from({ length: draws }, (_, draw) =>
    densities.slice(draw * probes, (draw + 1) * probes),
  );
  const { logLikelihood, standardError } = combineDraws(byDraw, { importanceWeighted });
  return {
    bitsPerDim: bitsPerDim(logLikelihood, dims, quantization),
    logLikelihoodNats: logLikelihood,
    standardErrorBitsPerDim: standardError / (dims * Math.LN2),
    priorLogLikelihoodNats: mean(parts.map(({ priorLogDensity }) => priorLogDensity)),
    divergenceIntegralNats: mean(parts.map(({ divergence }) => divergence)),
    evaluations: BigInt(rows.reduce((sum, { evaluations }) => sum + evaluations, 0)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
