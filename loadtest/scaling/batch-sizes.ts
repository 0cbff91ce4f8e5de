import { runScript } from "../spawn.ts";

/** Row evaluations a second of a network alone. */
export interface BatchRate {
  readonly threads: number;
  readonly batchRows: number;
  readonly rowsPerSecond: number;
}

/**
 * A bare onnxruntime loop (worker/bare-loop.ts) at each batch size and number of threads inside an evaluation.
 *
 * @param seconds of each
 */
export async function batchRates(
  file: string,
  {
    threads,
    batches,
    seconds,
  }: Readonly<Record<"threads" | "batches", readonly number[]>> & {
    readonly seconds: number;
  },
): Promise<readonly BatchRate[]> {
  const rates: BatchRate[] = [];
  for (const count of threads) {
    for (const batchRows of batches) {
      const args = [file, String(batchRows), String(seconds), String(count)];
      const measured = await runScript("worker/bare-loop.js", args);
      const { rowsPerSecond } = measured as { readonly rowsPerSecond: number };
      rates.push({ threads: count, batchRows, rowsPerSecond });
      process.stdout.write(
        `threads ${count}, batch ${batchRows}: ${rowsPerSecond.toFixed(1)} evaluations/s\n`,
      );
    }
  }
  return rates;
}
