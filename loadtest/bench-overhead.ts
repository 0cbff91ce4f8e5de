/**
 * What the server costs: its throughput through gRPC over a bare onnxruntime loop (worker/bare-loop.ts) on the same network, at
 * the same batch size, threads and session options, in the way that is fastest. In turn, in one run, with the loop before and after each: without previews, with
 * one every ten steps, and with a network that costs ten times as much (models/generator/random-unet.ts).
 *
 *   npm run bench:overhead [-- --rows 64 --batch 32 --steps 100 --rounds 5 --large-width 144 --large-steps 30 --large-rounds 3]
 *
 * `--large-rounds 0` leaves the large network out. Takes 8 minutes where color-digits makes 400 evaluations a second.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import { machine, median } from "./machine.ts";
import { servedRate } from "./overhead/served-rate.ts";
import { runScript, spawnServer } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "models" },
    model: { type: "string", default: "color-digits" },
    rows: { type: "string", default: "64" },
    batch: { type: "string", default: "32" },
    steps: { type: "string", default: "100" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "0" },
    seconds: { type: "string", default: "5" },
    "large-width": { type: "string", default: "144" },
    "large-steps": { type: "string", default: "30" },
    "large-rounds": { type: "string", default: "3" },
  },
});
const [rows, batchRows] = [Number(values.rows), Number(values.batch)];

/** Jobs before the first that counts: V8 compiles what is hot. */
const WARM_UPS = 2;

interface Contest {
  readonly models: string;
  readonly model: string;
  readonly steps: number;
  readonly rounds: number;
  /** Of the jobs that warm the server up. */
  readonly warmUpSteps: number;
  /** Previews every so many steps, of each kind of load. */
  readonly previewSteps: readonly number[];
}

/** Row evaluations a second: of the server, and of the bare loop beside it. */
interface Served {
  readonly served: number;
  readonly bare: number;
}

/** Of each kind of load, round by round. */
type Rates = readonly (readonly Served[])[];

async function bareRate({ models, model }: Contest): Promise<number> {
  const args = [`${models}/${model}/score.onnx`, values.batch, values.seconds, values.threads];
  const answer = await runScript("worker/bare-loop.js", [...args, "--best"]);
  const { rowsPerSecond } = answer as { readonly rowsPerSecond: number };
  return rowsPerSecond;
}

/**
 * Measures a load after the other, and the bare loop before the first and after each: what a load is compared with is the mean of the
 * loops beside it, since a machine's speed drifts.
 */
async function ratesOf(contest: Contest): Promise<Rates> {
  const { models, model, steps, rounds, warmUpSteps, previewSteps } = contest;
  const server = await spawnServer([
    ...["--models", models, "--max-batch-rows", values.batch, "--log-level", "warn"],
    ...["--threads", values.threads, "--max-step-ms", "60000"],
  ]);
  const client = connect(server.grpc);
  const loads = previewSteps.map((every) => ({
    ...{ model, rows, steps, predictor: "ancestral" as const, batchRows, previewSteps: every },
  }));
  const seen: Served[][] = loads.map(() => []);
  try {
    for (let i = 0; i < WARM_UPS; i++) {
      for (const load of loads) await servedRate(client, { ...load, steps: warmUpSteps });
    }
    let before = await bareRate(contest);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, load] of loads.entries()) {
        const served = await servedRate(client, load);
        const after = await bareRate(contest);
        const bare = (before + after) / 2;
        before = after;
        seen[i]?.push({ served, bare });
        const name = load.previewSteps > 0 ? `previews every ${load.previewSteps}` : "server";
        const told = `${name} ${served.toFixed(1)}, bare ${bare.toFixed(1)} rows/s`;
        process.stdout.write(`${model} ${round}: ${told}: ${(served / bare).toFixed(3)}\n`);
      }
    }
  } finally {
    await client.close();
    await server.stop();
  }
  return seen;
}

function ratioOf(rates: Rates, load: number): number {
  return median((rates[load] ?? []).map(({ served, bare }) => served / bare));
}

function bareOf(rates: Rates): number {
  return median(rates.flat().map(({ bare }) => bare));
}

const { models, model } = values;
const small = await ratesOf({
  ...{ models, model, steps: Number(values.steps), rounds: Number(values.rounds) },
  ...{ warmUpSteps: Number(values.steps), previewSteps: [0, 10] },
});
let large: Rates | undefined;
const largeRounds = Number(values["large-rounds"]);
if (largeRounds > 0) {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-overhead-"));
  try {
    const width = values["large-width"];
    const made = await runScript("models/generator/random-unet.js", [folder, width]);
    const { name } = made as { readonly name: string };
    large = await ratesOf({
      ...{ models: folder, model: name, steps: Number(values["large-steps"]), rounds: largeRounds },
      // A step takes ten times as long, and what is hot is the same.
      ...{ warmUpSteps: Math.min(10, Number(values["large-steps"])), previewSteps: [0] },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
const figures = {
  benchmark: "overhead",
  ratio: ratioOf(small, 0),
  ratioWithPreviews: ratioOf(small, 1),
  ...(large !== undefined && {
    ratioLarge: ratioOf(large, 0),
    largeCost: bareOf(small) / bareOf(large),
  }),
  rowsPerSecond: median((small[0] ?? []).map(({ served }) => served)),
  bareRowsPerSecond: bareOf(small),
  ...{ model, rows, batchRows },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
