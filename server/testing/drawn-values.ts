import { type StartedEngine, samplesOf } from "./start-engine.ts";

const METHOD = {
  $case: "predictorCorrector",
  value: { predictor: "euler-maruyama", corrector: "none", steps: 50 },
} as const;

/** The values of five samples of a model, from the same noise whatever the model is. */
export async function drawnValues(
  { submit }: Pick<StartedEngine, "submit">,
  model: string,
): Promise<number[]> {
  const job = submit({ model, count: 5, seed: 7n, sampler: { method: METHOD } });
  return (await samplesOf(job)).flatMap((sample) => [...sample]);
}

/** The largest difference of values in the same places; NaN where there are not as many. */
export function worstDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.NaN;
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}
