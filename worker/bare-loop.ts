/**
 * The rival of the overhead benchmark: one onnxruntime session evaluated in a loop, with nothing around it. Its inputs stay
 * as they are: it makes no noise, takes no step and copies no picture, so that it is a bound, and no sampler.
 *
 *   node dist/worker/bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]] [--best]
 *
 * With `--best`, each batch is evaluated in as many runs as were fastest of 1, 2, 4, ... places and all at once, which is what
 * a server does (portions.ts). Prints one JSON object: { rowsPerSecond, placesPerRun }.
 */
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { portionsOf, viewsOf } from "./portions.ts";
import { type Execution, PROVIDERS } from "./protocol.ts";
import { sessionOptions } from "./sessions.ts";

/** Batches of each number of places that are tried; the fastest counts. */
const TRIES = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { best: { type: "boolean", default: false } },
});
const [path, rowsText, secondsText, threadsText = "0", named = "cpu", deviceText] = positionals;
const provider = PROVIDERS.find((known) => known === named);
const rows = Number(rowsText);
const seconds = Number(secondsText);
if (path === undefined || !(rows >= 1) || !(seconds > 0) || provider === undefined) {
  process.stderr.write(
    "usage: bare-loop.js MODEL.onnx BATCH_ROWS SECONDS [THREADS [PROVIDER [DEVICE_ID]]] [--best]\n",
  );
  process.exit(2);
}

const execution: Execution = {
  provider,
  ...(deviceText === undefined ? {} : { deviceId: Number(deviceText) }),
};
const session = await InferenceSession.create(path, sessionOptions(Number(threadsText), execution));

function tensorOf(metadata: InferenceSession.ValueMetadata): Tensor {
  if (!metadata.isTensor) throw new TypeError(`${metadata.name} is no tensor`);
  const dims = metadata.shape.map((dim, axis) => (axis === 0 ? rows : Number(dim)));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor("float32", new Float32Array(elements).fill(0.1), dims);
}

const feeds = Object.fromEntries(session.inputMetadata.map((one) => [one.name, tensorOf(one)]));
const fetches = Object.fromEntries(session.outputMetadata.map((one) => [one.name, tensorOf(one)]));

/** One batch, in runs of so many places. */
function batchOf(perRun: number): () => Promise<void> {
  const runs = portionsOf(rows, perRun).map((portion) => ({
    feeds: viewsOf(feeds, portion),
    fetches: viewsOf(fetches, portion),
  }));
  return async () => {
    for (const run of runs) await session.run(run.feeds, run.fetches);
  };
}

/** The time of the fastest of a few batches, after one that warms up, in ms. */
async function fastest(batch: () => Promise<void>): Promise<number> {
  await batch();
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now();
    await batch();
    ms = Math.min(ms, performance.now() - before);
  }
  return ms;
}

let placesPerRun = rows;
let leastMs = await fastest(batchOf(rows));
for (let perRun = 1; values.best && perRun < rows; perRun *= 2) {
  const ms = await fastest(batchOf(perRun));
  if (ms < leastMs) [placesPerRun, leastMs] = [perRun, ms];
}

const batch = batchOf(placesPerRun);
const started = performance.now();
let evaluations = 0;
while (performance.now() - started < 1000 * seconds) {
  await batch();
  evaluations += rows;
}
const rowsPerSecond = (1000 * evaluations) / (performance.now() - started);
process.stdout.write(`${JSON.stringify({ rowsPerSecond, placesPerRun })}\n`);
