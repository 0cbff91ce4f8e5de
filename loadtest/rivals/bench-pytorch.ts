/**
 * The server against the paper's style of loop in PyTorch on this machine's CPU (training/bench_loop.py), in turn, in one
 * run: the same weights, sampler, steps and batch. First it is seen that both evaluate the same network. PyTorch runs in each
 * of its memory formats, and the one that is faster here is the rival.
 *
 *   npm run bench:pytorch -- --python PATH [--count 64 --batch 32 --steps 30 --rounds 3 --threads 0]
 *
 * PATH is a Python that has torch, onnx and numpy (training/requirements.txt).
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "../../clients/typescript/connect.ts";
import type { Client } from "../../clients/typescript/core/client.ts";
import { machine, median } from "../machine.ts";
import { servedRate } from "../overhead/served-rate.ts";
import { runProgram, spawnServer } from "../spawn.ts";
import { ENCODED_AT, largestDifference, PICTURE, scoreByServer } from "./one-evaluation.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    count: { type: "string", default: "64" },
    batch: { type: "string", default: "32" },
    steps: { type: "string", default: "30" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "0" },
  },
});
const MODEL = "color-digits";
const FORMATS = ["contiguous", "channels-last"] as const;
type Format = (typeof FORMATS)[number];
/** Two that evaluate the same weights differ by rounding alone. */
const MOST_DIFFERENCE = 1e-3;
const LOOP = fileURLToPath(new URL("../../../training/bench_loop.py", import.meta.url));
const [count, steps] = [Number(values.count), Number(values.steps)];

function python(args: readonly string[], input?: Uint8Array): Promise<unknown> {
  return runProgram(values.python, [LOOP, "--threads", values.threads, ...args], input);
}

/** The largest difference of the two scores of one noised picture, over the largest value. */
async function difference(client: Client): Promise<number> {
  const input = new Uint8Array(PICTURE.values.buffer);
  const theirs = await python(["--score-at", String(ENCODED_AT)], input);
  const { score } = theirs as { readonly score: readonly number[] };
  return largestDifference(await scoreByServer(client, MODEL), score);
}

interface PyTorchFigures {
  readonly imagesPerSecond: number;
  readonly torch: string;
  readonly threads: number;
}

async function drawByPyTorch(format: Format): Promise<PyTorchFigures> {
  const layout = format === "channels-last" ? ["--channels-last"] : [];
  const asked = ["--count", values.count, "--batch", values.batch, "--steps", values.steps];
  return (await python([...asked, ...layout])) as PyTorchFigures;
}

/** Images a second of one job, from the first byte sent to the last received. @throws Error where it was another job */
async function drawByServer(client: Client): Promise<number> {
  const load = { model: MODEL, rows: count, steps, predictor: "euler-maruyama" } as const;
  return (await servedRate(client, load)) / steps;
}

const server = await spawnServer([
  ...["--max-batch-rows", values.batch, "--threads", values.threads],
  ...["--log-level", "warn", "--max-step-ms", "60000", "--default-model", MODEL],
]);
const client = connect(server.grpc);
const ours: number[] = [];
const theirs: Record<Format, PyTorchFigures[]> = { contiguous: [], "channels-last": [] };
let scoreDifference: number;
try {
  scoreDifference = await difference(client);
  if (!(scoreDifference < MOST_DIFFERENCE)) {
    throw new Error(`the scores differ by ${scoreDifference}: not the same network`);
  }
  process.stdout.write(`one score by both: ${scoreDifference.toExponential(1)} apart, relative\n`);
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const format of FORMATS) theirs[format].push(await drawByPyTorch(format));
    ours.push(await drawByServer(client));
    const shown = FORMATS.map((format) => {
      const speed = theirs[format].at(-1)?.imagesPerSecond ?? Number.NaN;
      return `PyTorch ${speed.toFixed(3)} (${format})`;
    });
    const server = (ours.at(-1) ?? Number.NaN).toFixed(3);
    process.stdout.write(`round ${round}: server ${server}, ${shown.join(", ")} images/s\n`);
  }
} finally {
  await client.close();
  await server.stop();
}

function speedOf(format: Format): number {
  return median(theirs[format].map(({ imagesPerSecond }) => imagesPerSecond));
}

const memoryFormat = FORMATS.reduce((a, b) => (speedOf(b) > speedOf(a) ? b : a));
const rival = theirs[memoryFormat];
const figures = {
  benchmark: "pytorch",
  ratio: median(rival.map(({ imagesPerSecond }, i) => (ours[i] ?? Number.NaN) / imagesPerSecond)),
  imagesPerSecond: median(ours),
  pytorchImagesPerSecond: Object.fromEntries(FORMATS.map((format) => [format, speedOf(format)])),
  memoryFormat,
  scoreDifference,
  ...{ model: MODEL, count, batchRows: Number(values.batch), steps },
  ...{ torch: rival[0]?.torch, threads: rival[0]?.threads },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
