/**
 * The rival of the overhead benchmark: onnxruntime evaluated in a loop, with nothing around it. Its inputs stay as they are: it
 * makes no noise, takes no step and copies no picture, so that it is a bound, and no sampler.
 *
 *   node dist/worker/bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]] [--best] [--original]
 *
 * On the CPU the network is in the form that a server runs it in there (onnx/rewrites), unless `--original` says otherwise.
 *
 * With `--best`, batches are evaluated in the way that was fastest of those that a server has: in runs of 1, 2, 4, ... places
 * or all at once (portions.ts), by one session of all threads or, on the CPU, by as many sessions of one thread, a share of the
 * batch each (docs/decisions/0029); these do not even wait for each other. Prints one JSON object:
 * { rowsPerSecond, placesPerRun, workers }.
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { REWRITES, rewritten, writeModel } from "../onnx/index.ts";
import type { LoopCall, LoopThread } from "./bare-loop-thread.ts";
import { EvaluationLoop } from "./evaluation-loop.ts";
import { type Execution, PROVIDERS } from "./protocol.ts";
import { readNetwork } from "./read-network.ts";
import { sessionOptions } from "./sessions.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    best: { type: "boolean", default: false },
    original: { type: "boolean", default: false },
  },
});
const [path, rowsText, secondsText, threadsText = "0", named = "cpu", deviceText] = positionals;
const provider = PROVIDERS.find((known) => known === named);
const rows = Number(rowsText);
const seconds = Number(secondsText);
if (path === undefined || !(rows >= 1) || !(seconds > 0) || provider === undefined) {
  process.stderr.write(
    "usage: bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]] [--best] [--original]\n",
  );
  process.exit(2);
}

const execution: Execution = {
  provider,
  ...(deviceText === undefined ? {} : { deviceId: Number(deviceText) }),
};

/** A way to evaluate batches. */
interface Way {
  readonly workers: number;
  readonly placesPerRun: number;
  readonly batchMs: number;
  rate(): Promise<number>;
}

function runsOf(places: number): number[] {
  const runs = [places];
  for (let perRun = 1; values.best && perRun < places; perRun *= 2) runs.push(perRun);
  return runs;
}

async function waysOfOne(network: string): Promise<Way[]> {
  const loop = await EvaluationLoop.open(
    network,
    rows,
    sessionOptions(Number(threadsText), execution),
  );
  const ways: Way[] = [];
  for (const placesPerRun of runsOf(rows)) {
    const batchMs = await loop.fastest(placesPerRun);
    const rate = (): Promise<number> => loop.rate(placesPerRun, seconds);
    ways.push({ workers: 1, placesPerRun, batchMs, rate });
  }
  return ways;
}

async function waysOfThreads(threads: readonly Worker[]): Promise<Way[]> {
  const all = async (call: LoopCall): Promise<number[]> => {
    const answers = threads.map(async (thread): Promise<number> => {
      thread.postMessage(call);
      const [number] = await once(thread, "message");
      return number;
    });
    return await Promise.all(answers);
  };
  const ways: Way[] = [];
  for (const placesPerRun of runsOf(rows / threads.length)) {
    const batchMs = Math.max(...(await all({ perRun: placesPerRun })));
    const rate = async (): Promise<number> => {
      const rates = await all({ perRun: placesPerRun, seconds });
      return rates.reduce((sum, one) => sum + one, 0);
    };
    ways.push({ workers: threads.length, placesPerRun, batchMs, rate });
  }
  return ways;
}

async function startThreads(network: string): Promise<Worker[]> {
  const count = Number(threadsText) || availableParallelism();
  if (!values.best || provider !== "cpu" || count < 2 || rows % count !== 0) return [];
  const workerData: LoopThread = { path: network, rows: rows / count };
  const file = new URL("./bare-loop-thread.js", import.meta.url);
  const threads = Array.from({ length: count }, () => new Worker(file, { workerData }));
  await Promise.all(threads.map((thread) => once(thread, "message")));
  return threads;
}

/** Writes the network as a server runs it into a folder. @returns its path; the file's own where there is no other form */
async function servedFile(network: string, folder: string): Promise<string> {
  if (values.original || provider !== "cpu") return network;
  const faster = rewritten((await readNetwork(network)).model, REWRITES.score);
  if (faster === undefined) return network;
  const file = join(folder, "served.onnx");
  await writeFile(file, writeModel(faster));
  return file;
}

const folder = await mkdtemp(join(tmpdir(), "scorestream-bare-loop-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const network = await servedFile(path, folder);
const threads = await startThreads(network);
const ways = [
  ...(await waysOfOne(network)),
  ...(threads.length > 0 ? await waysOfThreads(threads) : []),
];
const best = ways.reduce((least, way) => (way.batchMs < least.batchMs ? way : least));
const rowsPerSecond = await best.rate();
const { placesPerRun, workers } = best;
process.stdout.write(`${JSON.stringify({ rowsPerSecond, placesPerRun, workers })}\n`);
await Promise.all(threads.map((thread) => thread.terminate()));
