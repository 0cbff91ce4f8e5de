/**
 * A device under the server and beside its rivals: evaluations a second by rows of a batch; the server over a bare onnxruntime
 * loop; two workers on the device over one; what is left between steps; and PyTorch on the same device with the same weights. In
 * turn, in one run, at the batch size that is best for the device.
 *
 *   npm run bench:gpu -- --provider cuda [--device 0 --model color-digits --batch 64 --steps 30 --rounds 5 --seconds 10 --python PATH]
 *
 * --provider is any: cpu and webgpu on SwiftShader run too, and show that this program works. --python is a Python with torch,
 * onnx and numpy: without one there is no PyTorch to compare with.
 */
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, median } from "../machine.ts";
import { runProgram, runScript } from "../spawn.ts";
import { type MeasuredServer, type Served, type ServedRate, startOn } from "./serve-job.ts";

const { values } = parseArgs({
  options: {
    provider: { type: "string", default: "cuda" },
    device: { type: "string", default: "0" },
    models: { type: "string", default: "models" },
    model: { type: "string", default: "color-digits" },
    "max-rows": { type: "string", default: "256" },
    batch: { type: "string", default: "" },
    steps: { type: "string", default: "30" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
    threads: { type: "string", default: "0" },
    python: { type: "string", default: "" },
  },
});
const { provider, models, model, threads } = values;
const LOOP = fileURLToPath(new URL("../../../training/bench_loop.py", import.meta.url));
/** The only model whose network bench_loop.py knows. */
const PYTORCH_MODEL = "color-digits";
const onCuda = provider === "cuda" || provider === "tensorrt";

interface Swept {
  readonly sizes: readonly { readonly rows: number; readonly evaluationsPerSecond: number }[];
  readonly bestRows?: number;
  readonly problem?: string;
}

/** Evaluations a second by rows of a batch, as the doctor measures them. @throws Error where it does not run there */
async function sweep(): Promise<Swept> {
  const of = [
    "--models",
    models,
    "--model",
    model,
    "--providers",
    provider,
    "--device",
    values.device,
  ];
  const how = ["--seconds", values.seconds, "--max-rows", values["max-rows"], "--threads", threads];
  const found = (await runScript("server/doctor/main.js", [...of, ...how, "--json"])) as {
    readonly throughput: readonly Swept[];
  };
  const [swept] = found.throughput;
  if (swept === undefined || swept.problem !== undefined) {
    throw new Error(`${model} does not run on ${provider}: ${swept?.problem ?? "not measured"}`);
  }
  return swept;
}

async function bare(batch: number): Promise<number> {
  const numbered = onCuda ? [values.device] : [];
  const file = `${models}/${model}/score.onnx`;
  const args = [file, String(batch), "3", threads, provider, ...numbered, "--best"];
  const measured = (await runScript("worker/bare-loop.js", args)) as { rowsPerSecond: number };
  return measured.rowsPerSecond;
}

/** Evaluations a second of the paper's style of loop; undefined where there is no PyTorch to ask. */
async function pytorch(batch: number, rows: number): Promise<number | undefined> {
  if (values.python === "" || model !== PYTORCH_MODEL) return undefined;
  const device = onCuda ? `cuda:${values.device}` : "cpu";
  const job = ["--count", String(rows), "--batch", String(batch), "--steps", values.steps];
  const args = [LOOP, ...job, "--threads", threads, "--device", device];
  const drawn = (await runProgram(values.python, args)) as { imagesPerSecond: number };
  return drawn.imagesPerSecond * Number(values.steps);
}

const swept = await sweep();
for (const { rows, evaluationsPerSecond } of swept.sizes) {
  process.stdout.write(`${rows} rows: ${evaluationsPerSecond.toFixed(1)} evaluations/s\n`);
}
const batch = values.batch === "" ? (swept.bestRows ?? 1) : Number(values.batch);
// Two batches for each of two workers: one that runs, and one that waits behind it.
const rows = 4 * batch;
const folder = await mkdtemp(join(tmpdir(), "bench-gpu-"));
// Only the model that is measured: on a slow device others would take minutes to open.
const own = join(folder, "models");
await mkdir(own);
await symlink(resolve(models, model), join(own, model));
const served: Served = {
  ...{ provider, deviceId: Number(values.device), models: own, model, threads, batch, rows },
  steps: Number(values.steps),
};
const servers: MeasuredServer[] = [];
const rounds: {
  readonly bare: number;
  readonly one: ServedRate;
  readonly two: ServedRate;
  readonly pytorch: number | undefined;
}[] = [];
try {
  for (const workers of [1, 2]) {
    servers.push(await startOn(served, workers, join(folder, `${workers}.json`)));
  }
  const [withOne, withTwo] = servers;
  for (let round = 1; round <= Number(values.rounds); round++) {
    const loop = await bare(batch);
    const [one, two] = [await withOne?.measure(), await withTwo?.measure()];
    if (one === undefined || two === undefined) throw new Error("a server is missing");
    const torch = await pytorch(batch, rows);
    rounds.push({ bare: loop, one, two, pytorch: torch });
    const shown = [loop, one.evaluationsPerSecond, two.evaluationsPerSecond, torch ?? Number.NaN];
    const [a, b, c, d] = shown.map((rate) => rate.toFixed(1));
    process.stdout.write(
      `round ${round}: bare ${a}, one worker ${b}, two ${c}, PyTorch ${d} evaluations/s\n`,
    );
  }
} finally {
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true });
}

const over = (a: (round: (typeof rounds)[number]) => number): number => median(rounds.map(a));
const compared = rounds.every((round) => round.pytorch !== undefined);
const figures = {
  benchmark: "gpu",
  ...{ provider, model, batchRows: batch, rows, steps: served.steps },
  evaluationsPerSecond: Object.fromEntries(
    swept.sizes.map((size) => [size.rows, size.evaluationsPerSecond]),
  ),
  serverOverBare: over(({ bare: loop, one }) => one.evaluationsPerSecond / loop),
  twoWorkersOverOne: over(({ one, two }) => two.evaluationsPerSecond / one.evaluationsPerSecond),
  engineShare: over(({ one }) => one.idleShare),
  ...(compared
    ? {
        serverOverPytorch: over(
          ({ one, two, pytorch: torch = Number.NaN }) =>
            Math.max(one.evaluationsPerSecond, two.evaluationsPerSecond) / torch,
        ),
      }
    : {}),
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
