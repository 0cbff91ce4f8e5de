/**
 * What telemetry costs: the throughput of a server that tells everything (Prometheus scraped each second, every job and batch
 * traced, OTLP sent each second) over that of one that tells nothing, in turn, in one run: until the standard error of the
 * median of the rounds' ratios is under half a percent, which decides whether it is 2 %, or the rounds are up.
 *
 *   npm run bench:telemetry [-- --model color-digits --jobs 64 --steps 20 --rounds 40]
 *
 * On a quiet machine where color-digits makes 400 evaluations a second a round takes 7 s, and ten are enough or so.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { connect } from "../clients/typescript/connect.ts";
import type { Client } from "../clients/typescript/core/client.ts";
import { machine, median } from "./machine.ts";
import { spawnServer } from "./spawn.ts";
import { medianErrorOf } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "color-digits" },
    jobs: { type: "string", default: "64" },
    steps: { type: "string", default: "20" },
    rounds: { type: "string", default: "40" },
  },
});
/** Rounds at least, and the standard error that is enough. */
const LEAST_ROUNDS = 7;
const ENOUGH = 0.005;

const [jobs, steps] = [Number(values.jobs), Number(values.steps)];

/** Jobs a second, of jobs of one row that are all sent at once and show every tenth step. */
async function serve(client: Client): Promise<number> {
  const started = performance.now();
  const request = {
    model: values.model,
    sampler: { method: { $case: "fast", value: { method: "ddim", steps } } },
    preview: { everySteps: 10 },
  } as const;
  await Promise.all(
    Array.from({ length: jobs }, (_, i) => client.sample({ ...request, seed: BigInt(i) }).images()),
  );
  return (1000 * jobs) / (performance.now() - started);
}

/** A collector that takes everything and keeps nothing. */
const sink = createServer((request, response) => {
  request.resume().on("end", () => response.end());
});
await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
const { port } = sink.address() as AddressInfo;

const flags = ["--log-level", "warn", "--max-step-ms", "60000"];
const off = await spawnServer(flags);
const on = await spawnServer([
  ...flags,
  ...["--metrics", "127.0.0.1:0", "--otlp-endpoint", `http://127.0.0.1:${port}`],
  ...["--otlp-interval-s", "1"],
]);
const scraping = setInterval(() => {
  void fetch(on.metrics ?? "").then((answer) => answer.text());
}, 1000);
const clients = { off: connect(off.grpc), on: connect(on.grpc) };
const rates: Record<"off" | "on", number[]> = { off: [], on: [] };
const ratios = (): number[] => rates.on.map((rate, i) => rate / (rates.off[i] ?? Number.NaN));
try {
  for (let round = 0; round <= Number(values.rounds); round++) {
    // Who comes first in a round has the quieter machine as often as the other.
    for (const name of round % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const)) {
      const rate = await serve(clients[name]);
      if (round > 0) rates[name].push(rate);
    }
    if (round === 0) continue;
    const shown = [rates.off, rates.on].map((list) => (list.at(-1) ?? 0).toFixed(2));
    process.stdout.write(`round ${round}: off ${shown[0]}, on ${shown[1]} jobs/s\n`);
    if (round >= LEAST_ROUNDS && medianErrorOf(ratios()) < ENOUGH) break;
  }
} finally {
  clearInterval(scraping);
  await Promise.all([clients.off.close(), clients.on.close(), off.stop(), on.stop()]);
  sink.close();
  sink.closeAllConnections();
}
const figures = {
  benchmark: "telemetry",
  ratio: median(ratios()),
  ratioError: medianErrorOf(ratios()),
  rounds: rates.on.length,
  jobsPerSecond: median(rates.on),
  jobsPerSecondOff: median(rates.off),
  model: values.model,
  jobs,
  steps,
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
