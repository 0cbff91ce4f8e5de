/**
 * What a server makes of more: threads and batch sizes of the network alone, jobs of one row in flight, and image sizes.
 *
 *   npm run bench:scaling [-- --model color-digits --batches 1,2,4,8,16,32,64 --seconds 0.5
 *     --in-flight-model gaussian-mixture-vp --in-flight 1,10,100,1000,10000 --steps 10 --sizes 32,64,128,256,512,1024]
 *
 * Jobs in flight are of a network that costs little, so that what the server does for a job shows.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { batchRates } from "./batch-sizes.ts";
import { sizeRates } from "./image-sizes.ts";
import { inFlightRates } from "./in-flight.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "color-digits" },
    threads: { type: "string", default: threadCounts().join() },
    batches: { type: "string", default: "1,2,4,8,16,32,64" },
    seconds: { type: "string", default: "0.5" },
    "in-flight-model": { type: "string", default: "gaussian-mixture-vp" },
    "in-flight": { type: "string", default: "1,10,100,1000,10000" },
    steps: { type: "string", default: "10" },
    sizes: { type: "string", default: "32,64,128,256,512,1024" },
  },
});

/** 1, 2, 4, ... up to the machine's cores. */
function threadCounts(): number[] {
  const counts = [1];
  for (let count = 2; count <= cpus().length; count *= 2) counts.push(count);
  return counts;
}

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}

const steps = Number(values.steps);
const batches = await batchRates(`models/${values.model}/score.onnx`, {
  threads: numbers(values.threads),
  batches: numbers(values.batches),
  seconds: Number(values.seconds),
});
const load = { model: values["in-flight-model"], steps };
const inFlight = await inFlightRates(load, numbers(values["in-flight"]));
const sizes = await sizeRates(numbers(values.sizes), steps);
const rates = batches.map(({ rowsPerSecond }) => rowsPerSecond);
const evaluations = inFlight.map(({ evaluationsPerSecond }) => evaluationsPerSecond);
const figures = {
  benchmark: "scaling",
  bestBatchOverOneRow: Math.max(...rates) / (rates[0] ?? Number.NaN),
  mostInFlightOverBest: (evaluations.at(-1) ?? Number.NaN) / Math.max(...evaluations),
  ...{ model: values.model, inFlightModel: load.model, steps, batches, inFlight, sizes },
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
