/**
 * What the server costs: its throughput through gRPC over a bare onnxruntime loop on the same network at the same
 * batch size, in turn, in one run.
 *
 *   npm run bench:overhead [-- --model color-digits --rows 64 --batch 32 --steps 30 --rounds 5]
 */
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import type { Client } from "../clients/typescript/core/client.ts";
import { machine, median } from "./machine.ts";
import { runScript, spawnServer } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "models" },
    model: { type: "string", default: "color-digits" },
    rows: { type: "string", default: "64" },
    batch: { type: "string", default: "32" },
    steps: { type: "string", default: "30" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "0" },
  },
});
const rows = Number(values.rows);
const steps = Number(values.steps);

/** Row evaluations a second of one job with all rows in flight, from the first byte sent to the last received. */
async function serve(client: Client, everySteps: number): Promise<number> {
  const started = performance.now();
  let evaluations = 0;
  let batchRows = 0;
  const events = client.sample({
    model: values.model,
    count: rows,
    seed: 1n,
    sampler: {
      method: {
        $case: "predictorCorrector",
        value: { predictor: "ancestral", corrector: "none", steps },
      },
    },
    preview: { everySteps },
  });
  for await (const { event } of events) {
    if (event?.$case !== "completed") continue;
    evaluations = Number(event.value.evaluations);
    batchRows = event.value.meanBatchRows;
  }
  if (evaluations !== rows * steps || batchRows < 0.9 * Number(values.batch)) {
    throw new Error(`${evaluations} evaluations in batches of ${batchRows}: not what was asked`);
  }
  return (1000 * evaluations) / (performance.now() - started);
}

async function bare(): Promise<number> {
  const { rowsPerSecond } = (await runScript("worker/bare-loop.js", [
    `${values.models}/${values.model}/score.onnx`,
    values.batch,
    "5",
    values.threads,
  ])) as { rowsPerSecond: number };
  return rowsPerSecond;
}

const server = await spawnServer([
  ...["--models", values.models, "--max-batch-rows", values.batch, "--log-level", "warn"],
  ...["--threads", values.threads, "--max-step-ms", "60000"],
]);
const client = connect(server.grpc);
const bares: number[] = [];
const plain: number[] = [];
const previews: number[] = [];
try {
  await serve(client, 0);
  for (let round = 1; round <= Number(values.rounds); round++) {
    bares.push(await bare());
    plain.push(await serve(client, 0));
    previews.push(await serve(client, 10));
    const [a, b, c] = [bares, plain, previews].map((list) => (list.at(-1) ?? 0).toFixed(1));
    process.stdout.write(`round ${round}: bare ${a}, server ${b}, with previews ${c} rows/s\n`);
  }
} finally {
  await client.close();
  await server.stop();
}

const ratios = (served: readonly number[]): number =>
  median(served.map((value, i) => value / (bares[i] ?? Number.NaN)));
const figures = {
  benchmark: "overhead",
  ratio: ratios(plain),
  ratioWithPreviews: ratios(previews),
  rowsPerSecond: median(plain),
  bareRowsPerSecond: median(bares),
  model: values.model,
  rows,
  batchRows: Number(values.batch),
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
