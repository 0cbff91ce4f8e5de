/**
 * How long a server takes from the start of its process to the line that says it answers: with an empty cache, where it
 * derives the models' graphs and proves them, and with the cache that this has left, in turn.
 *
 *   npm run bench:startup [-- --rounds 5 --models models]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine, median } from "./machine.ts";
import { spawnServer } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    models: { type: "string", default: "models" },
  },
});

/** In ms. */
async function start(cache: string): Promise<number> {
  const started = performance.now();
  const flags = ["--models", values.models, "--cache", cache, "--log-level", "warn"];
  const server = await spawnServer([...flags, "--drain-delay-s", "0"]);
  const ms = performance.now() - started;
  await server.stop();
  return ms;
}

const cold: number[] = [];
const warm: number[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const cache = await mkdtemp(join(tmpdir(), "scorestream-startup-"));
  try {
    cold.push(await start(cache));
    warm.push(await start(cache));
  } finally {
    await rm(cache, { recursive: true });
  }
  const shown = [cold, warm].map((list) => (list.at(-1) ?? 0).toFixed(0));
  process.stdout.write(`round ${round}: ${shown[0]} ms cold, ${shown[1]} ms warm\n`);
}
const figures = {
  benchmark: "startup",
  coldMs: median(cold),
  warmMs: median(warm),
  coldOverWarm: median(cold.map((ms, i) => ms / (warm[i] ?? Number.NaN))),
  rounds: Number(values.rounds),
  machine: machine(),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
