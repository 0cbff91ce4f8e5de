/**
 * What the server costs: its throughput through gRPC over a bare onnxruntime loop (worker/bare-loop.ts) on the same network, at
 * the same batch size, threads and session options, in the way that is fastest. In turn, in one run: without previews, with
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

/** Row evaluations a second, round by round: of the bare loop, and of the server with each kind of load. */
interface Rates {
  readonly bare: readonly number[];
  readonly served: readonly (readonly number[])[];
}

async function bareRate({ models, model }: Contest): Promise<number> {
  const args = [`${models}/${model}/score.onnx`, values.batch, values.seconds, values.threads];
  const answer = await runScript("worker/bare-loop.js", [...args, "--best"]);
  const { rowsPerSecond } = answer as { readonly rowsPerSecond: number };
  return rowsPerSecond;
}

/** Measures all in turn, in every other round the other way round: who comes first has the quieter machine as often. */
async function ratesOf(contest: Contest): Promise<Rates> {
  const { models, model, steps, rounds, warmUpSteps, previewSteps } = contest;
  const server = await spawnServer([
    ...["--models", models, "--max-batch-rows", values.batch, "--log-level", "warn"],
    ...["--threads", values.threads, "--max-step-ms", "60000"],
  ]);
  const client = connect(server.grpc);
  const bare: number[] = [];
  const served: number[][] = previewSteps.map(() => []);
  const loads = previewSteps.map((every) => ({
    ...{ model, rows, steps, predictor: "ancestral" as const, batchRows, previewSteps: every },
  }));
  const turns = [
    async () => void bare.push(await bareRate(contest)),
    ...loads.map((load, i) => async () => void served[i]?.push(await servedRate(client, load))),
  ];
  try {
    for (let i = 0; i < WARM_UPS; i++) {
      for (const load of loads) await servedRate(client, { ...load, steps: warmUpSteps });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
      const told = served.map((rates, i) => {
        const every = previewSteps[i] ?? 0;
        return `${every > 0 ? `previews every ${every}` : "server"} ${rates.at(-1)?.toFixed(1)}`;
      });
      const bareTold = `bare ${bare.at(-1)?.toFixed(1)}`;
      process.stdout.write(`${model} ${round}: ${[bareTold, ...told].join(", ")} rows/s\n`);
    }
  } finally {
    await client.close();
    await server.stop();
  }
  return { bare, served };
}

function ratioOf({ bare, served }: Rates, load: number): number {
  return median(bare.map((rate, i) => (served[load]?.[i] ?? Number.NaN) / rate));
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
    largeCost: median(small.bare) / median(large.bare),
  }),
  rowsPerSecond: median(small.served[0] ?? []),
  bareRowsPerSecond: median(small.bare),
  ...{ model, rows, batchRows },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
