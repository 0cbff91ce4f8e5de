import { connect } from "../../clients/typescript/connect.ts";
import type { Client } from "../../clients/typescript/core/client.ts";
import { spawnServer } from "../spawn.ts";

/** Evaluations a second of a server that always has so many jobs of one row. */
export interface InFlightRate {
  readonly inFlight: number;
  readonly jobs: number;
  readonly evaluationsPerSecond: number;
  readonly meanBatchRows: number;
}

interface Load {
  readonly model: string;
  readonly steps: number;
}

/** One job of one row. @returns the rows that shared its evaluations, on average */
async function runJob(client: Client, { model, steps }: Load, seed: number): Promise<number> {
  const sampler = { method: { $case: "fast", value: { method: "ddim", steps } } } as const;
  let rows = 0;
  for await (const { event } of client.sample({ model, seed: BigInt(seed), sampler })) {
    if (event?.$case === "completed") rows = event.value.meanBatchRows;
  }
  return rows;
}

/** Jobs of a level: enough to measure by, and each place is taken at least once. */
function jobsOf(inFlight: number): number {
  return Math.max(inFlight, Math.min(2000, 50 * inFlight));
}

async function rateOf(client: Client, load: Load, inFlight: number): Promise<InFlightRate> {
  const jobs = jobsOf(inFlight);
  let [next, batchRows] = [0, 0];
  const started = performance.now();
  const one = async (): Promise<void> => {
    while (next < jobs) {
      const rows = await runJob(client, load, next++);
      batchRows += rows;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const seconds = (performance.now() - started) / 1000;
  const evaluationsPerSecond = (jobs * load.steps) / seconds;
  return { inFlight, jobs, evaluationsPerSecond, meanBatchRows: batchRows / jobs };
}

/** Each number of jobs in flight, in turn, over one connection to one server. */
export async function inFlightRates(
  load: Load,
  levels: readonly number[],
): Promise<readonly InFlightRate[]> {
  const room = String(2 * Math.max(...levels));
  const server = await spawnServer(["--log-level", "warn", "--max-rows", room]);
  const client = connect(server.grpc);
  const rates: InFlightRate[] = [];
  try {
    await rateOf(client, load, 10);
    for (const level of levels) {
      const rate = await rateOf(client, load, level);
      rates.push(rate);
      const [perSecond, rows] = [rate.evaluationsPerSecond, rate.meanBatchRows];
      process.stdout.write(
        `${level} in flight: ${perSecond.toFixed(0)} evaluations/s in batches of ${rows.toFixed(1)}\n`,
      );
    }
  } finally {
    await client.close();
    await server.stop();
  }
  return rates;
}
