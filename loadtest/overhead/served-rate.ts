import type { Client } from "../../clients/typescript/core/client.ts";

/** One job whose rows are all in flight at once. */
export interface Load {
  readonly model: string;
  readonly rows: number;
  readonly steps: number;
  readonly predictor: "ancestral" | "euler-maruyama";
  /** Of the server's batches; left out: any. */
  readonly batchRows?: number;
  /** A preview of each row every so many steps; left out or 0: none. */
  readonly previewSteps?: number;
}

/**
 * Row evaluations a second of one job of a predictor alone, from the first byte sent to the last received.
 *
 * @throws Error where the job was not evaluated as the load says, or previews did not come
 */
export async function servedRate(client: Client, load: Load): Promise<number> {
  const { model, rows, steps, predictor, previewSteps = 0 } = load;
  const started = performance.now();
  let [evaluations, batchRows, previews] = [0, 0, 0];
  const events = client.sample({
    model,
    count: rows,
    seed: 1n,
    sampler: {
      method: {
        $case: "predictorCorrector",
        value: { predictor, corrector: "none", steps },
      },
    },
    preview: { everySteps: previewSteps },
  });
  for await (const { event } of events) {
    if (event?.$case === "preview") previews++;
    if (event?.$case !== "completed") continue;
    evaluations = Number(event.value.evaluations);
    batchRows = event.value.meanBatchRows;
  }
  const ms = performance.now() - started;
  if (evaluations !== rows * steps || batchRows < 0.9 * (load.batchRows ?? 0)) {
    throw new Error(`${evaluations} evaluations in batches of ${batchRows}: not what was asked`);
  }
  if (previewSteps > 0 !== previews > 0)
    throw new Error(`${previews} previews: not what was asked`);
  return (1000 * evaluations) / ms;
}
